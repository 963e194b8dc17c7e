"""The manifest: ``config.json`` of a checkpoint, all that is known of it but the weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from zoo_core.data.signature import Signature
from zoo_core.errors import IntegrityError, MisfitError, NotFoundError
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.safetensors_header import LONGEST, foreign_kind
from zoo_core.storage.hashes import FileRecord

FORMAT = 1
MANIFEST = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
SHARED = (MANIFEST, WEIGHTS, CARD)
"""What others need of a checkpoint; nothing else of a repo is ever fetched: no code, no pickle."""
LARGEST_TEXT = 16_000_000
"""Bytes beyond which it is no manifest, and no card."""
Metrics = dict[str, dict[str, float]]


@final
@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What ``config.json`` holds.

    Args:
        run_config: Everything that decided the run.
        signature: What goes in and comes out.
        fingerprint: The dataset's.
        versions: Of python, torch, zoo-core and the three plugins.
        status: ``finished`` or ``interrupted``.
        epochs: How many were trained.
        steps: How many optimizer steps.
        tokens: How many targets were predicted in training.
        metrics: By split and name.
        weights: Size and sha256 of ``model.safetensors``.
    """

    run_config: RunConfig
    signature: Signature
    fingerprint: str
    versions: dict[str, str]
    status: str
    epochs: int
    steps: int
    tokens: int
    metrics: Metrics
    weights: FileRecord

    def with_weights(self, weights: FileRecord) -> Manifest:
        """The same manifest for weights of another size and hash."""
        return replace(self, weights=weights)

    def to_bytes(self) -> bytes:
        """The file's content."""
        values = {"format": FORMAT} | self.run_config.to_json() | asdict(self)
        del values["run_config"]
        values["signature"] = self.signature.to_json()
        values["weights"] = {"file": WEIGHTS} | self.weights._asdict()
        text = json.dumps(values, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        # Python and JSON escape half a surrogate pair, as in a path that is not UTF-8, alike
        return text.encode(errors="backslashreplace")

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Manifest:
        """The manifest with these values.

        Raises:
            IntegrityError: It is of another format, or a field is missing or of the wrong type.
        """
        if values.get("format") != FORMAT or isinstance(values["format"], bool):
            raise IntegrityError(f"format {values.get('format')!r}: this core reads {FORMAT}")
        try:
            return cls(
                run_config=RunConfig.from_json(values),
                signature=Signature.from_json(values["signature"]),
                fingerprint=_text(values["fingerprint"]),
                versions={key: _text(value) for key, value in values["versions"].items()},
                status=_text(values["status"]),
                epochs=_count(values["epochs"]),
                steps=_count(values["steps"]),
                tokens=_count(values["tokens"]),
                metrics=_metrics(values["metrics"]),
                weights=FileRecord(
                    _count(values["weights"]["size"]), _text(values["weights"]["sha256"])
                ),
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise IntegrityError(f"a field is missing or of the wrong type: {error!r}") from None


def unfinished(folder: Path) -> MisfitError:
    """What is said of a run that has not come to its end, where a checkpoint is expected."""
    return MisfitError(f"{folder} is unfinished: zoo resume {folder}")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a checkpoint.

    Raises:
        IntegrityError: It is not well-formed.
        MisfitError: The folder holds a run that has not written one yet.
        NotFoundError: The folder has none.
    """
    path = folder / MANIFEST
    try:
        if (size := path.stat().st_size) > LARGEST_TEXT:
            raise IntegrityError(f"{size:,} bytes, which no manifest has")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if (folder / "state" / "CURRENT").is_file():
            raise unfinished(folder) from None
        raise NotFoundError(
            f"no checkpoint in {folder}: it has no {MANIFEST}; see: zoo runs"
        ) from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from None
    return parse_manifest(data, str(path))


def parse_manifest(data: bytes, name: str) -> Manifest:
    """The manifest of a file's content.

    Args:
        data: The content.
        name: What errors call the file.

    Raises:
        IntegrityError: It is not well-formed.
    """
    try:
        values = json.loads(data)
        if not isinstance(values, dict):
            raise IntegrityError("not a JSON object")
        return Manifest.from_json(values)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, too deep, too many digits
        kind = foreign_kind(data[:LONGEST])
        said = f"it is {kind}" if kind else f"not JSON: {error}"
        raise IntegrityError(f"{name}: {said}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from None


def _metrics(values: dict[str, Any]) -> Metrics:
    return {
        split: {name: _number(value) for name, value in named.items()}
        for split, named in values.items()
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is no text")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r:.80} is no count")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"{value!r:.80} is no number")
    return float(value)
