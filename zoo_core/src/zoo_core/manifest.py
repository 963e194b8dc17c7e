"""The manifest: ``config.json`` of a checkpoint, all that is known of it but the weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from zoo_core.digests import FileRecord
from zoo_core.errors import IntegrityError, NotFoundError
from zoo_core.plan import Plan
from zoo_core.signature import Signature

FORMAT = 1
MANIFEST = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
SHARED = (MANIFEST, WEIGHTS, CARD)
"""What others need of a checkpoint; nothing else of a repo is ever fetched: no code, no pickle."""
Metrics = dict[str, dict[str, float]]


@final
@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What ``config.json`` holds.

    Args:
        plan: Everything that decided the run.
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

    plan: Plan
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
        values = {"format": FORMAT} | self.plan.to_json() | asdict(self)
        del values["plan"]
        values["signature"] = self.signature.to_json()
        values["weights"] = {"file": WEIGHTS} | self.weights._asdict()
        return (json.dumps(values, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """The manifest that ``to_bytes`` wrote.

        Raises:
            IntegrityError: It is none.
        """
        try:
            values = json.loads(data)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise IntegrityError(f"not JSON: {error}") from None
        if not isinstance(values, dict):
            raise IntegrityError("not a JSON object")
        return cls.from_json(values)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Manifest:
        """The manifest with these values.

        Raises:
            IntegrityError: It is of another format, or a field is missing or of the wrong type.
        """
        if values.get("format") != FORMAT:
            raise IntegrityError(f"format {values.get('format')!r}: this core reads {FORMAT}")
        try:
            return cls(
                plan=Plan.from_json(values),
                signature=Signature.from_json(values["signature"]),
                fingerprint=str(values["fingerprint"]),
                versions={str(key): str(value) for key, value in values["versions"].items()},
                status=str(values["status"]),
                epochs=int(values["epochs"]),
                steps=int(values["steps"]),
                tokens=int(values["tokens"]),
                metrics=_metrics(values["metrics"]),
                weights=FileRecord(
                    int(values["weights"]["size"]), str(values["weights"]["sha256"])
                ),
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise IntegrityError(f"a field is missing or of the wrong type: {error!r}") from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a checkpoint.

    Raises:
        IntegrityError: It is not well-formed.
        NotFoundError: The folder has none.
    """
    path = folder / MANIFEST
    try:
        return Manifest.from_bytes(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"no checkpoint in {folder}: it has no {MANIFEST}") from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from None


def _metrics(values: dict[str, Any]) -> Metrics:
    return {
        str(split): {str(name): float(value) for name, value in named.items()}
        for split, named in values.items()
    }
