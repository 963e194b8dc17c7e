"""Writing files so that a reader meets the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from zoo_core.errors import TargetError
from zoo_core.storage.capacity import free_disk, in_bytes

PATIENCE = 1800
"""Seconds to wait for another process."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REMAINS = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def write_file(path: Path, data: bytes) -> None:
    """Replaces a file: a temporary sibling, synced, renamed, and the folder synced.

    Permissions are those that the umask gives. A link stays one: what it leads to is replaced.

    Raises:
        TargetError: The folder cannot be written to; the old file stands.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with target_errors(path, len(data)):
        try:
            write_new(temporary, data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def remove_remains(folder: Path) -> None:
    """Removes the temporary files that a killed process left in a folder."""
    for path in folder.glob(".*.tmp"):
        if REMAINS.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def write_new(path: Path, data: bytes) -> None:
    """Writes a file that nobody else sees yet, and syncs it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which appears at the target with all that is in it, or not at all.

    Raises:
        TargetError: Something is there already, or it cannot be written to.
    """
    with target_errors(target):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise TargetError(f"{target} is there already; choose a folder that is new")
        if target.exists() and target.samefile(Path.cwd()):
            raise TargetError(f"{target} is where you are; choose a folder that is new")
        half = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        try:
            half.mkdir(parents=True)
            yield half
            if target.exists():
                target.rmdir()
            half.rename(target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(half, ignore_errors=True)


@contextlib.contextmanager
def waiting_for(path: Path) -> Iterator[None]:
    """Alone with a file, of all processes; waits for those who are at it.

    Raises:
        TargetError: The folder cannot be written to, or they never end.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f"{path.name}.lock"))
    with target_errors(path):
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            said = f"another process has been at {path} for {PATIENCE // 60} minutes"
            raise TargetError(said) from None
    try:
        yield
    finally:
        lock.release()


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it as far as they are missing, and syncs their entries."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in made:
        sync_folder(each.parent)


def size_of(path: Path | os.DirEntry[str]) -> int:
    """Bytes of a file; 0 for a folder, and for what is gone by now."""
    try:
        facts = path.stat()
    except OSError:
        return 0
    return facts.st_size if stat.S_ISREG(facts.st_mode) else 0


def size_below(folder: str | os.PathLike[str]) -> int:
    """Bytes of the files in a folder and in those below it; what cannot be read counts as none."""
    size = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                size += size_below(entry)
            else:
                size += size_of(entry)
    return size


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries safe; a platform that cannot open folders syncs them itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def target_errors(path: Path, size: int = 0) -> Iterator[None]:
    """Turns what the file system says of writing into one line.

    Args:
        path: What is written.
        size: Bytes of it; told, with those that are free, where there is no room.

    Raises:
        TargetError: An OSError was raised inside.
    """
    try:
        yield
    except OSError as error:
        room = ""
        if size and error.errno in NO_ROOM:
            room = f"; it needs {in_bytes(size)}, {in_bytes(free_disk(path))} are free"
        raise TargetError(f"cannot write {path}: {error.strerror or error}{room}") from error
