"""Validating and copying the files of a checkpoint without loading it."""

from __future__ import annotations

from pathlib import Path

from zoo_core.errors import IntegrityError
from zoo_core.run_folder.manifest import SHARED, WEIGHTS, read_manifest
from zoo_core.run_folder.ownership import check_utf8
from zoo_core.run_folder.safetensors_header import read_header
from zoo_core.storage.atomic import new_folder, write_new


def validate_checkpoint_files(folder: Path) -> None:
    """Checks that manifest and weights are well-formed and belong together.

    Raises:
        IntegrityError: They are not, or do not.
        NotFoundError: There is no manifest.
    """
    manifest, weights = read_manifest(folder), folder / WEIGHTS
    manifest.weights.check_matches(weights, "the manifest")
    try:
        with weights.open("rb") as file:
            tensors = read_header(file, weights.stat().st_size)
        if not tensors:
            raise IntegrityError("it holds no tensor")
    except IntegrityError as error:
        raise IntegrityError(f"{weights}: {error}") from None


def copy_checkpoint(folder: Path, target: Path) -> None:
    """Copies manifest, weights and card to a new folder; the folder appears complete or not at all.

    Raises:
        IntegrityError: The checkpoint is damaged.
        NotFoundError: There is no checkpoint.
        TargetError: The target exists, cannot be written to, or its path is not UTF-8.
    """
    check_utf8(target)
    validate_checkpoint_files(folder)
    with new_folder(target) as unfinished:
        for name in SHARED:
            if (folder / name).exists():
                write_new(unfinished / name, (folder / name).read_bytes())
