"""Locks on files, which processes wait for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.errors import TargetError
from zoo_core.storage.atomic import target_errors

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_TIMEOUT = 1800
"""Seconds to wait for another process that holds a lock."""


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Locks a path against other processes, and waits while another one holds the lock.

    Raises:
        TargetError: The folder cannot be written to, or the lock is not released in time.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f"{path.name}.lock"))
    with target_errors(path):
        try:
            lock.acquire(timeout=LOCK_TIMEOUT)
        except Timeout:
            raise TargetError(
                f"another process has been using {path} for {LOCK_TIMEOUT // 60} minutes"
            ) from None
    try:
        yield
    finally:
        lock.release()


def release_and_remove(lock: BaseFileLock) -> None:
    """Releases a lock and removes its file.

    The file goes first, so that no process can lock it in between. Windows removes no open file:
    there it goes afterwards, and stays if another process has opened it by then.
    """
    path = Path(lock.lock_file)
    try:
        path.unlink()
    except OSError:
        lock.release()
        with contextlib.suppress(OSError):
            path.unlink()
    else:
        lock.release()
