"""A lock on a checkpoint folder, so that two processes never train into it at once."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.errors import TargetError
from zoo_core.run_folder.ownership import (
    HOLDER,
    LOCK,
    MARKER,
    MARKER_TEXT,
    STATE,
    check_run_folder,
)
from zoo_core.storage.atomic import target_errors, write_file
from zoo_core.storage.file_systems import check_locks
from zoo_core.storage.locks import release_and_remove


@final
class Holder(NamedTuple):
    """The process that holds the lock of a checkpoint folder.

    Args:
        pid: Its number.
        host: The name of its machine.
    """

    pid: int
    host: str


@contextlib.contextmanager
def lock_run_folder(
    folder: Path, *, to_remove: bool = False, timeout: float = 0.0
) -> Iterator[None]:
    """Inside, only this process may write to a checkpoint folder, which is marked as the zoo's.

    The operating system releases the lock of a process that dies. A folder that is created for the
    lock and is empty at the end is removed again.

    Args:
        folder: The checkpoint folder; it is made if it is missing.
        to_remove: Whether the folder is locked to be removed, whatever it holds.
        timeout: Seconds to wait for another process that holds the lock.

    Raises:
        TargetError: Another process holds the lock, the folder cannot be written to, it holds
            files that the zoo did not make, or its file system keeps locks from other machines.
    """
    from filelock import FileLock, Timeout

    if not to_remove:
        check_run_folder(folder)
        check_locks(folder)
    states = folder / STATE
    with target_errors(folder):
        if folder.exists() and not folder.is_dir():
            raise TargetError(f"{folder} is not a folder")
        created = [path for path in (states, folder, *folder.parents) if not path.exists()]
        states.mkdir(parents=True, exist_ok=True)
        if not to_remove and not (states / MARKER).exists():
            write_file(states / MARKER, MARKER_TEXT)
        lock = FileLock(states / LOCK, timeout=timeout)
        try:
            lock.acquire()
        except Timeout:
            raise TargetError(
                f"{folder} is in use by {_holder(states)}; wait for it, or choose another folder"
            ) from None
    try:
        holder = {"pid": os.getpid(), "host": socket.gethostname()}
        write_file(states / HOLDER, json.dumps(holder).encode())
        yield
    finally:
        with contextlib.suppress(OSError):
            (states / HOLDER).unlink(missing_ok=True)
            if {path.name for path in states.iterdir()} <= {LOCK, MARKER}:
                release_and_remove(lock)
                (states / MARKER).unlink(missing_ok=True)
        lock.release()
        for path in created:
            with contextlib.suppress(OSError):  # it is not empty
                path.rmdir()


def lock_holder(folder: Path) -> Holder | None:
    """Returns the process that holds the lock of a checkpoint folder; None if no process does."""
    from filelock import FileLock, Timeout

    states = folder / STATE
    holder = _read_holder(states)
    if holder is None or not (states / LOCK).is_file():
        return None
    try:
        # free if the process was killed, and could not remove its name
        with FileLock(states / LOCK, timeout=0):
            return None
    except Timeout:
        return holder
    except OSError:  # the folder was removed, or cannot be written to
        return None


def _holder(states: Path) -> str:
    holder = _read_holder(states)
    return f"process {holder.pid} on {holder.host}" if holder else "another process"


def _read_holder(states: Path) -> Holder | None:
    try:
        holder = json.loads((states / HOLDER).read_bytes())
        return Holder(int(holder["pid"]), str(holder["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
