"""What killed processes left behind in the zoo's folder: locks, temporary files, downloads."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from zoo_core.doctor.result import DoctorResult, quoted
from zoo_core.run_folder.lock import LOCK, STATE
from zoo_core.storage.atomic import size_of
from zoo_core.storage.locations import zoo_home

YOUNG = 600.0
"""Seconds in which a temporary file may still be somebody's who is writing it."""


def leftovers() -> list[DoctorResult]:
    """Temporary files that nobody writes, downloads broken off, and locks.

    A lock's file outlives the lock: the system frees it when its process ends, however that ends.
    """
    rows, locks = [], 0
    for path, what in _remains(zoo_home()):
        if what == "lock":
            locks += 1
            if _held(path):
                rows.append(DoctorResult("locks", "ok", f"{path} is held by a running process"))
        elif what == "download":
            said = f"{path} broke off at {size_of(path):,} bytes; asking again goes on"
            rows.append(DoctorResult("leftovers", "ok", said, facts={"path": str(path)}))
        elif _age(path) > YOUNG:
            remedy = f"rm -r {quoted(path)}"
            said = f"{path}: a {what} that nobody uses"
            rows.append(DoctorResult("leftovers", "warning", said, remedy, {"path": str(path)}))
    if not rows:
        rows = [DoctorResult("leftovers", "ok", "none")]
    return [
        *rows,
        DoctorResult("locks", "ok", f"{locks} files; one that is not held holds nobody up"),
    ]


def _remains(folder: Path) -> Iterator[tuple[Path, str]]:
    """Hidden files and folders with the endings that the zoo gives what is not finished."""
    for place, folders, files in os.walk(folder):
        for name in sorted(files + folders):
            path = Path(place) / name
            if path.suffix == ".lock" or (name == LOCK and path.parent.name == STATE):
                yield path, "lock"
            elif path.suffix == ".part":
                yield path, "download"
            elif name.startswith(".") and path.suffix == ".tmp":
                yield path, "temporary file"
        folders[:] = [each for each in folders if not each.endswith(".tmp")]


def _age(path: Path) -> float:
    """Seconds since it was written; 0 for what is gone by now."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _held(path: Path) -> bool:
    """Whether a process holds a lock; found out by taking it for an instant."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written to, which is a finding of its own
        return False
    lock.release()
    return False
