"""Stale files: what killed processes left in the zoo's folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from zoo_core.doctor.result import DoctorResult, quoted
from zoo_core.run_folder.ownership import LOCK, STATE
from zoo_core.storage.locations import zoo_home
from zoo_core.storage.sizes import size_of

STALE_AFTER = 600.0
"""Seconds after which no process is still writing a temporary file."""
SUBJECT = "leftovers"
"""The subject in JSON, which programs read; it keeps this name for them."""


def stale_files() -> list[DoctorResult]:
    """Reports temporary files that no process writes, interrupted downloads, and locks.

    The file of a lock may outlive the lock: the system releases a lock when its process ends.
    """
    results, locks, held = [], 0, 0
    for path, kind in _unfinished_files(zoo_home()):
        if kind == "lock":
            locks += 1
            if _is_held(path):
                held += 1
                message = f"{path} is held by a running process"
                results.append(DoctorResult("locks", "ok", message))
        elif kind == "download":
            message = f"{path} stopped at {size_of(path):,} bytes; the next download resumes it"
            results.append(DoctorResult(SUBJECT, "ok", message, facts={"path": str(path)}))
        elif _age(path) > STALE_AFTER:
            message, remedy = f"{path}: a {kind} that no process uses", f"rm -r {quoted(path)}"
            results.append(DoctorResult(SUBJECT, "warning", message, remedy, {"path": str(path)}))
    if not results:
        results = [DoctorResult(SUBJECT, "ok", "no unfinished files")]
    message = f"{held} of {locks} lock files held by a running process"
    return [*results, DoctorResult("locks", "ok", message)]


def _unfinished_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields files and folders with the endings of unfinished ones, and their kind."""
    for parent, folders, files in os.walk(folder):
        for name in sorted(files + folders):
            path = Path(parent) / name
            if path.suffix == ".lock" or (name == LOCK and path.parent.name == STATE):
                yield path, "lock"
            elif path.suffix == ".part":
                yield path, "download"
            elif name.startswith(".") and path.suffix == ".tmp":
                yield path, "temporary file"
        folders[:] = [name for name in folders if not name.endswith(".tmp")]


def _age(path: Path) -> float:
    """Returns the seconds since a file was written; 0 if it no longer exists."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _is_held(path: Path) -> bool:
    """Whether a process holds a lock, found out by taking it for an instant."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # the folder is not writable, which another check reports
        return False
    lock.release()
    return False
