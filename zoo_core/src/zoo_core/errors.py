"""Every error of the zoo, and the exit code of the command that meets it.

ZooError                  1
├── NotFoundError         3   no such model, dataset, recipe, checkpoint, run
│   └── AmbiguousError    3   two plugins claim the name
├── IntegrityError        4   bytes that are truncated, altered or of another format
├── NetworkError          5   a server that does not answer, or answers wrongly
│   ├── AnswerError       5   an answer that lacks a field, or has one of another type
│   └── DeniedError       5   a server that refuses
├── RefusedError          6   a request that cannot be carried out
│   ├── ConfigError       6   a setting: unknown, missing, of the wrong type, out of bounds
│   ├── DataError         6   the data: missing, too short, not readable as text
│   ├── MisfitError       6   a model or trainer that does not take what the dataset gives
│   ├── TargetError       6   the folder to write to
│   ├── DeviceError       6   a device that this machine lacks
│   └── ResumeError       6   a run that cannot be resumed
├── PluginError           7   a plugin that is broken or missing
│   └── IncompatibleError 7   a plugin built for another plugin interface
├── ExportError           1   an exported model that is not the model
├── ProcessError          n   an error of one process of a run, on all of them
├── DivergedError         8   the loss is no longer a number
└── PeerError             9   another process of a run that has ended or does not answer

Interrupted is not a ZooError but a KeyboardInterrupt, which `except Exception` does not catch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import final


class ZooError(Exception):
    """An error that says in one line what happened, to which name, and what to do about it."""

    exit_code = 1


class NotFoundError(ZooError):
    """No model, dataset, recipe, checkpoint or run of that name."""

    exit_code = 3


@final
class AmbiguousError(NotFoundError):
    """A name that means two things, such as one that two plugins claim."""


@final
class IntegrityError(ZooError):
    """A file whose bytes are truncated, altered or of another format."""

    exit_code = 4


class NetworkError(ZooError):
    """A server that cannot be reached, does not answer in time, or answers wrongly."""

    exit_code = 5


@final
class AnswerError(NetworkError):
    """An answer of a server without a field that it must have, or with one of another type."""


@final
class DeniedError(NetworkError):
    """A server that answers and refuses the request."""


class RefusedError(ZooError):
    """A request that is understood and cannot be carried out."""

    exit_code = 6


@final
class ConfigError(RefusedError):
    """A setting that is unknown, missing, of the wrong type or out of bounds."""


@final
class DataError(RefusedError):
    """Data that is missing, too short or not readable."""


@final
class MisfitError(RefusedError):
    """A model or trainer that does not take what the dataset gives."""


@final
class TargetError(RefusedError):
    """A folder that cannot be written to."""


@final
class DeviceError(RefusedError):
    """A device that this machine does not have."""


@final
class ResumeError(RefusedError):
    """A run that cannot be resumed."""


class PluginError(ZooError):
    """A plugin that is broken, missing or built for another plugin interface."""

    exit_code = 7


@final
class IncompatibleError(PluginError):
    """A plugin built for another version of the plugin interface.

    Args:
        message: The two versions.
        porting: What the author of the plugin changes, in one line.
    """

    def __init__(self, message: str, porting: str = "") -> None:
        super().__init__(message)
        self.porting = porting


@final
class ExportError(ZooError):
    """An exported model differs from the model that it was made from, or cannot run."""


@final
class ProcessError(ZooError):
    """An error that one process of a run met, and that ends all of them.

    Args:
        message: The message of that error, with the process that met it.
        exit_code: Its exit code.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:  # unpickling sets it later
        super().__init__(message)
        self.exit_code = exit_code


@final
class DivergedError(ZooError):
    """Training whose loss became infinite or not a number."""

    exit_code = 8


@final
class PeerError(ZooError):
    """Another process of a run on several has ended, or does not answer in time."""

    exit_code = 9


@final
class Interrupted(KeyboardInterrupt):
    """A signal from outside: Ctrl+C, SIGTERM or SIGHUP, as opposed to what a plugin raises.

    Args:
        signal: The signal's number.
    """

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


MAX_SUGGESTIONS = 8
"""Names that a message suggests."""
MARGIN = 0.1
"""How much less near than the nearest a suggestion may be, of a nearness from 0 to 1."""
MIN_PART = 3
"""Letters that a name needs to stand for the longer names that contain it."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Returns ``did you mean ...?`` with a few known names, or an empty string.

    These are the names that it abbreviates, as ``lr`` does ``learning_rate``; otherwise those that
    contain it, as ``lstm-embed`` does ``lstm``; otherwise up to three of nearly the same spelling,
    each about as near as the nearest. Capital and small letters count as the same.
    """
    names = {candidate.lower(): candidate for candidate in sorted(set(known))}
    typed = name.lower()
    word = typed.lstrip("-")
    similar = [candidate for candidate in names if _abbreviates(word, candidate.lstrip("-"))]
    if not similar and len(word) >= MIN_PART:
        similar = [candidate for candidate in names if word in candidate]
    similar = similar[:MAX_SUGGESTIONS] or _nearest(typed, list(names))
    return f"did you mean {' or '.join(names[low] for low in similar)}?" if similar else ""


def _nearest(name: str, names: list[str]) -> list[str]:
    """Returns up to three names whose spelling is near, and about as near as the nearest."""
    import difflib

    found = difflib.get_close_matches(name, names, n=3)
    nearness = [difflib.SequenceMatcher(None, other, name).ratio() for other in found]
    return [
        other for other, near in zip(found, nearness, strict=True) if near >= nearness[0] - MARGIN
    ]


def _abbreviates(word: str, name: str) -> bool:
    """Whether a word is the initials of a name of several parts, after the same section if any."""
    section, _, initials = word.rpartition(".")
    name_section, _, rest = name.rpartition(".")
    parts = rest.replace("_", "-").split("-")
    return (
        len(parts) > 1
        and section in ("", name_section)
        and initials == "".join(part[:1] for part in parts)
    )
