"""What a doctor finds: of each subject a verdict, a line, and the command that mends it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.storage.capacity import existing

Verdict: TypeAlias = Literal["ok", "warning", "wrong"]


@final
class DoctorResult(NamedTuple):
    """What was found of one subject.

    Args:
        subject: What was looked at.
        verdict: ``ok``, ``warning`` or ``wrong``.
        said: What was found, in a line.
        remedy: The command that mends it, unless it is ok.
        facts: The same for programs.
    """

    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""
    facts: dict[str, Any] = {}  # noqa: RUF012  # never changed


Check: TypeAlias = Callable[[], Iterable[DoctorResult]]


def examine(checks: Iterable[Check]) -> list[DoctorResult]:
    """The findings of every check; one that fails is a finding too, and the others go on."""
    found: list[DoctorResult] = []
    for check in checks:
        try:
            found += check()
        except Exception as error:
            said = f"cannot be told: {type(error).__name__}: {' '.join(str(error).split()):.300}"
            found.append(DoctorResult(check.__name__, "wrong", said, "ZOO_DEBUG=1 zoo plugins -v"))
    return found


def writable(subject: str, folder: Path, otherwise: str) -> DoctorResult:
    """Whether a folder, or where it would be made, can be written to."""
    place = existing(folder)
    facts = {"path": str(folder), "exists": folder.exists()}
    if not place.is_dir():
        said = f"{place} is no folder"
        return DoctorResult(
            subject, "wrong", said, f"mv {quoted(place)} {quoted(place)}.old", facts
        )
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        said = f"{place} cannot be written to"
        remedy = f"chmod u+rwx {quoted(place)}, or {otherwise}"
        return DoctorResult(subject, "wrong", said, remedy, facts)
    said = str(folder) if folder.exists() else f"{folder}, made when it is needed"
    return DoctorResult(subject, "ok", said, facts=facts)


def quoted(path: Path) -> str:
    """A path as a shell reads it."""
    return shlex.quote(str(path))
