"""The manifest, ``config.json``: everything about a checkpoint but its weights."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from zoo_core.configs.records import Count, read_record
from zoo_core.data.signature import Signature
from zoo_core.errors import IntegrityError, MisfitError, NotFoundError
from zoo_core.references import REPO, shown
from zoo_core.run_folder.objective import Objective
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.safetensors_header import MAX_PREFIX_LENGTH, foreign_kind
from zoo_core.storage.hashes import FileRecord

FORMAT = 2
"""The format that is written; those from 1 on are read."""
MANIFEST = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
SHARED = (MANIFEST, WEIGHTS, CARD)
"""The files to use a checkpoint; a pull downloads these alone, so never code or a pickle."""
DAMAGED = "it is damaged: copy or download the checkpoint again, or undo what was edited"
"""What to do about a manifest that is not JSON."""
MAX_TEXT_BYTES = 16_000_000
"""The largest manifest or card that is read."""
SWEEP = "sweep.toml"
"""The file that makes a folder one of a sweep."""
OTHER_FOLDERS = {
    MANIFEST: "it is a checkpoint",
    SWEEP: "it is a sweep",
    "comparison.json": "it holds the results of a comparison",
    "signature.json": "it is an exported model",
}
"""What a folder is that holds a file of a name."""
Metrics = dict[str, dict[str, float]]


@final
@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of ``config.json``.

    Args:
        run_config: Everything that decided the run.
        signature: The inputs and outputs of the model.
        fingerprint: The fingerprint of the dataset.
        versions: The versions of python, torch, zoo-core and the plugins, and of numpy where the
            backend is ``portable``.
        status: ``finished`` or ``interrupted``.
        epochs: The trained epochs.
        steps: The optimizer steps.
        tokens: The targets predicted in training.
        metrics: The metrics by split and name.
        weights: The size and sha256 of ``model.safetensors``.
        objective: The trainer's main metric, and the better direction of each.
    """

    run_config: RunConfig
    signature: Signature
    fingerprint: str
    versions: dict[str, str]
    status: str
    epochs: Count
    steps: Count
    tokens: Count
    metrics: Metrics
    weights: FileRecord
    objective: Objective

    def with_weights(self, weights: FileRecord) -> Manifest:
        """Returns this manifest with the size and hash of other weights."""
        return replace(self, weights=weights)

    def to_bytes(self) -> bytes:
        """Returns the content of the file."""
        values = {"format": FORMAT} | self.run_config.to_json() | asdict(self)
        del values["run_config"]
        values["signature"] = self.signature.to_json()
        values["weights"] = {"file": WEIGHTS} | self.weights._asdict()
        text = json.dumps(values, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        # A lone surrogate, as in a path that is not UTF-8, has the same escape in Python and JSON.
        return text.encode(errors="backslashreplace")

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Manifest:
        """Returns the manifest of a file's values; keys that it does not know are ignored.

        Raises:
            IntegrityError: It is of another format, or a field is missing or of the wrong type.
        """
        if "format" not in values:
            raise IntegrityError("no format: it is not the manifest of a checkpoint of the zoo")
        version = values["format"]
        if not isinstance(version, int) or version not in range(1, FORMAT + 1) or version is True:
            is_newer = isinstance(version, int) and version > FORMAT
            remedy = "; upgrade zoo-core, a newer one wrote it" if is_newer else ""
            raise IntegrityError(f"format {version!r}: this core reads 1 to {FORMAT}{remedy}")
        if version == 1:  # its trainers had these metrics alone
            values = values | {"objective": asdict(Objective())}
        # In the file the fields of the run config stand beside the others.
        run_config = RunConfig.from_json(values)
        return read_record(
            cls,
            values | {"run_config": run_config},
            allow_unknown=True,
            parsers={RunConfig: lambda _: run_config, Signature: Signature.from_json},
        )


def unfinished(folder: Path) -> MisfitError:
    """Returns the error for a run that has not ended, where a checkpoint is expected."""
    return MisfitError(f"{folder} is unfinished: zoo resume {shown(folder)}")


def what_folder(folder: Path) -> str:
    """Returns in words what of the zoo's a folder is; empty if it holds nothing of the zoo's."""
    kinds = (kind for name, kind in OTHER_FOLDERS.items() if (folder / name).is_file())
    return next(kinds, "")


def why_missing(folder: Path, name: str) -> str:
    """Returns in words why a folder has no file of a name: it may be another thing, or none."""
    if folder.is_dir():
        return what_folder(folder) or f"it has no {name}"
    if not folder.exists():
        return "there is no such folder"
    if (folder.parent / MANIFEST).is_file():
        return f"it is a file of the checkpoint {shown(folder.parent)}"
    return "it is no folder"


def no_checkpoint(folder: Path) -> NotFoundError:
    """Returns the error that a folder holds no checkpoint, which says why and where to look."""
    reason = why_missing(folder, MANIFEST)
    remedy = "see: zoo runs"
    if (folder / SWEEP).is_file():
        remedy += f" --sweep {shown(folder)}"
    elif not folder.parent.exists() and re.fullmatch(REPO, folder.as_posix(), re.ASCII):
        remedy += f"; one on the Hub is called hub:{folder.as_posix()}"
    return NotFoundError(f"no checkpoint in {folder}: {reason}; {remedy}")


def read_manifest(folder: Path) -> Manifest:
    """Reads the manifest of a checkpoint.

    Raises:
        IntegrityError: The manifest is not well-formed.
        MisfitError: The folder holds a run that has not written its manifest yet.
        NotFoundError: The folder holds no checkpoint.
    """
    path = folder / MANIFEST
    try:
        if (size := path.stat().st_size) > MAX_TEXT_BYTES:
            raise IntegrityError(f"{size:,} bytes are too many for a manifest")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if (folder / "state" / "CURRENT").is_file():
            raise unfinished(folder) from None
        raise no_checkpoint(folder) from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from None
    return parse_manifest(data, str(path), DAMAGED)


def parse_manifest(data: bytes, name: str, remedy: str = "") -> Manifest:
    """Parses the content of a manifest.

    Args:
        data: The content of the file.
        name: The name of the file in errors.
        remedy: What the error suggests if the content is not JSON.

    Raises:
        IntegrityError: The content is not well-formed.
    """
    try:
        values = json.loads(data)
        if not isinstance(values, dict):
            raise IntegrityError("not a JSON object")
        return Manifest.from_json(values)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, too deep, too many digits
        kind = foreign_kind(data[:MAX_PREFIX_LENGTH])
        problem = f"it is {kind}" if kind else f"not JSON: {error}"
        advice = f"; {remedy}" if remedy and not kind else ""
        raise IntegrityError(f"{name}: {problem}{advice}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from None
