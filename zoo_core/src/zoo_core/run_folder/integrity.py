"""Whether a folder holds a sound checkpoint, without loading it; and a copy of one."""

from __future__ import annotations

from pathlib import Path

from zoo_core.errors import IntegrityError
from zoo_core.run_folder.manifest import SHARED, WEIGHTS, read_manifest
from zoo_core.run_folder.safetensors_header import read_header
from zoo_core.storage.atomic import new_folder, write_new


def validate_checkpoint_files(folder: Path) -> None:
    """Says so if manifest and weights are not sound, or not each other's.

    Raises:
        IntegrityError: They are not.
        NotFoundError: There is no manifest.
    """
    manifest, weights = read_manifest(folder), folder / WEIGHTS
    manifest.weights.check_matches(weights, "the manifest")
    try:
        with weights.open("rb") as file:
            found = read_header(file, weights.stat().st_size)
        if not found:
            raise IntegrityError("it holds no tensor")
    except IntegrityError as error:
        raise IntegrityError(f"{weights}: {error}") from None


def copy_checkpoint(folder: Path, target: Path) -> None:
    """Copies what others need of a checkpoint to a new folder, all of it or nothing.

    Raises:
        IntegrityError: It is not sound.
        NotFoundError: There is none.
        TargetError: The target is there already, or cannot be written to.
    """
    validate_checkpoint_files(folder)
    with new_folder(target) as half:
        for name in SHARED:
            if (folder / name).exists():
                write_new(half / name, (folder / name).read_bytes())
