"""Which folders a run may write to: a new or empty one, or one that the zoo made.

The first file that a run writes is a marker, ``state/MADE_BY_ZOO``, so that the folder of a run
that is killed at once is known. Older folders are known by their manifest or their saved state.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from zoo_core.errors import TargetError
from zoo_core.run_folder.manifest import CARD, MANIFEST, MAX_TEXT_BYTES, WEIGHTS
from zoo_core.storage.atomic import TEMPORARY, target_errors

HISTORY, TIMINGS, CURVE = "history.jsonl", "timings.jsonl", "curve.png"
STEPS, SAMPLES = "steps.jsonl", "samples.jsonl"
LOGS = "logs"
STATE, LOCK, HOLDER, CURRENT = "state", "LOCK", "HOLDER", "CURRENT"
STATE_VALUES = "values.json"
MARKER = "MADE_BY_ZOO"
MARKER_TEXT = b"The zoo made the folder around this one and may write to it.\n"
_FILES = (MANIFEST, WEIGHTS, CARD, HISTORY, TIMINGS, CURVE, STEPS, SAMPLES)
_MANIFEST_KEYS = {"format", "signature", "fingerprint", "weights"}


def check_run_folder(folder: Path) -> None:
    """Checks that a run may write to a folder. Nothing is changed.

    The folder itself and its parents may be links; the entries that a run writes may not.

    Raises:
        TargetError: The folder holds files that the zoo did not make, one of the zoo's names in it
            is a link or not a file, its path is not UTF-8, or it cannot be read.
    """
    check_utf8(folder)
    with target_errors(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise TargetError(f"{folder} is not a folder")
        if not _is_unused(folder) and not _is_made_by_zoo(folder):
            raise TargetError(
                f"{folder} holds files that the zoo did not make; choose a new or empty folder"
            )
        states = folder / STATE
        _check_entries([folder / name for name in _FILES], is_expected=Path.is_file)
        _check_entries([states, folder / LOGS], is_expected=Path.is_dir)
        if states.exists():
            links = [path for path in sorted(states.iterdir()) if path.is_symlink()]
            _check_entries(links, is_expected=Path.exists)


def check_utf8(folder: Path) -> None:
    """Checks that the path of a checkpoint is UTF-8, as the reader of safetensors files needs.

    Raises:
        TargetError: It is not.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise TargetError(
            f"{str(folder)!a} is not UTF-8, and no checkpoint can be loaded from there; "
            "choose another name"
        ) from None


def _check_entries(paths: list[Path], *, is_expected: Callable[[Path], bool]) -> None:
    for path in paths:
        if path.is_symlink():
            raise TargetError(f"{path} is a link, and a run writes to it; remove the link")
        if path.exists() and not is_expected(path):
            raise TargetError(f"{path} is in the way of a run; move it, or choose a new folder")


def _is_unused(folder: Path) -> bool:
    """Whether a folder holds nothing, or only what a run leaves that is killed at once."""
    names = {path.name for path in folder.iterdir()}
    if not names:
        return True
    states = folder / STATE
    if names != {STATE} or not states.is_dir():
        return False
    return all(
        path.name in (LOCK, HOLDER) or TEMPORARY.fullmatch(path.name) for path in states.iterdir()
    )


def _is_made_by_zoo(folder: Path) -> bool:
    if (folder / STATE / MARKER).is_file():
        return True
    current = folder / STATE / CURRENT
    if current.is_file() and current.read_bytes().strip().isdigit():
        return True
    return _is_manifest(folder / MANIFEST)


def _is_manifest(path: Path) -> bool:
    """Whether a file is a manifest of the zoo, of any format; other libraries use its name too."""
    if not path.is_file() or path.stat().st_size > MAX_TEXT_BYTES:
        return False
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.keys() >= _MANIFEST_KEYS
