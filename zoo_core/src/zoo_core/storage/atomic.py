"""Writing files so that a reader sees the old file or the new one, never a part of one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.errors import TargetError
from zoo_core.storage.capacity import format_bytes, free_disk
from zoo_core.storage.locations import leads_nowhere, nearest_existing, zoo_home

if TYPE_CHECKING:
    from io import BufferedWriter

PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0) if os.name == "nt" else ()
"""Seconds between attempts to rename: Windows refuses while another program reads the file."""
PIECE = 32 << 20
"""Bytes of a large file between two requests to write what there is of it to disk."""
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def write_file(path: Path, *parts: bytes | memoryview) -> None:
    """Replaces a file: a temporary sibling is synced and renamed, then the folder is synced.

    The umask decides the permissions. A link stays a link: its target is replaced.

    Args:
        path: The file.
        parts: Its content, in one or more parts.

    Raises:
        TargetError: The file cannot be written; the old one stays.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    temporary = _sibling(path)
    with target_errors(path, sum(map(len, parts))):
        try:
            write_new(temporary, *parts)
            rename(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Replaces several files that belong together, all of them or none.

    All are written beside their targets and synced before the first is renamed. If a target cannot
    be replaced then, those before it get their old content back. Only a kill between two renames
    leaves files of both kinds, each of them whole.

    Args:
        contents: The content of each file.

    Raises:
        TargetError: A file cannot be written; the old ones stay.
    """
    targets = {path: Path(os.path.realpath(path)) for path in contents}
    with contextlib.ExitStack() as undo:
        temporaries = {path: _sibling(target) for path, target in targets.items()}
        for path, content in contents.items():
            undo.callback(_remove, temporaries[path])
            with target_errors(path, len(content)):
                write_new(temporaries[path], content)
        with contextlib.ExitStack() as restore:
            for path, target in targets.items():
                with target_errors(path):
                    restore.callback(_restore, target, _kept(target, undo))
                    rename(temporaries[path], target)
            restore.pop_all()
    for folder in {target.parent for target in targets.values()}:
        with target_errors(folder):
            sync_folder(folder)


def _kept(path: Path, undo: contextlib.ExitStack) -> Path | None:
    """Returns another name of a file, under which it outlives being replaced; None if it is new."""
    if not path.is_file():
        return None
    kept = _sibling(path)
    undo.callback(_remove, kept)
    try:
        os.link(path, kept)
    except OSError:  # a file system without hard links
        shutil.copy2(path, kept)
    return kept


def _restore(path: Path, kept: Path | None) -> None:
    """Gives a file its old content back, or removes it if it was new."""
    with contextlib.suppress(OSError):  # the error that it is restored for is the one to tell
        if kept:
            rename(kept, path)
        elif path.is_file():
            path.unlink()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # it is missing, or its name was too long to be written
        path.unlink()


def _sibling(path: Path) -> Path:
    """Returns the path of a temporary file beside another one."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def rename(source: Path, target: Path) -> None:
    """Renames a file over another one, or a folder; on Windows in several attempts if need be.

    Raises:
        OSError: It is not possible.
    """
    for pause in PAUSES:
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    source.replace(target)


def check_new_file(path: Path, *, overwrite: bool) -> None:
    """Checks that a file may be written, before the work that makes its content.

    Args:
        path: The file.
        overwrite: Whether a file that exists may be replaced.

    Raises:
        TargetError: It exists, is a folder, or is to lie in a folder that does not exist or is not
            writable.
    """
    if path.is_dir():
        raise TargetError(f"{path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise TargetError(f"{path} exists already; choose another, or --overwrite")
    if not path.parent.is_dir():
        raise TargetError(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise TargetError(f"cannot write {path}: permission denied in {path.parent}")


def remove_temporary_files(folder: Path) -> None:
    """Removes the temporary files that a killed process left in a folder."""
    for path in folder.glob(".*.tmp"):
        if TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def write_new(path: Path, *parts: bytes | memoryview) -> None:
    """Writes and syncs a file that no reader knows of yet."""
    with path.open("wb") as file:
        for part in parts:
            view = memoryview(part)
            for start in range(0, len(view), PIECE):
                if start:
                    _write_behind(file)
                file.write(view[start : start + PIECE])
        file.flush()
        os.fsync(file.fileno())


def _write_behind(file: BufferedWriter) -> None:
    """Starts to write a file to disk, and lets the system forget what is there already.

    Otherwise a checkpoint of a gigabyte first fills memory, where it displaces other files, and is
    written to disk only when it is synced.
    """
    if hasattr(os, "posix_fadvise"):
        file.flush()
        with contextlib.suppress(OSError):  # it is only advice
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def append_file(path: Path, data: bytes) -> None:
    """Appends to a file, which is made if it is missing, and syncs it.

    A kill or a full disk may leave a part of the data, so a reader must know where a record ends.

    Raises:
        TargetError: The file cannot be written.
    """
    with target_errors(path, len(data)):
        is_new = not path.exists()
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(path.parent)


def truncate_file(path: Path, size: int) -> None:
    """Shortens a file to its first bytes and syncs it.

    Raises:
        TargetError: The file cannot be written.
    """
    with target_errors(path), path.open("rb+") as file:
        file.truncate(size)
        os.fsync(file.fileno())


def keep_lines(path: Path, is_kept: Callable[[bytes], bool]) -> None:
    """Shortens a file to the lines before the first that is incomplete or is not to be kept.

    Args:
        path: The file; nothing happens if it is missing.
        is_kept: Whether to keep a line, which ends with a line feed.

    Raises:
        TargetError: The file cannot be read or written.
    """
    with target_errors(path):
        if not path.exists():
            return
        data = path.read_bytes()
    size = 0
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n") or not is_kept(line):
            break
        size += len(line)
    if size < len(data):
        truncate_file(path, size)


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yields a temporary folder to fill; at the end it becomes the target, complete or not at all.

    Raises:
        TargetError: The target exists already, is a link that leads nowhere or lies below one, or
            cannot be written to.
    """
    with target_errors(target):
        if leads_nowhere(nearest_existing(target)):  # to a disk that is not mounted, perhaps
            raise FileNotFoundError
        # A link stays a link: the folder is made where it leads.
        target = Path(os.path.realpath(target)) if target.is_symlink() else target
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise TargetError(f"{target} is there already; choose a folder that is new")
        if target.exists() and target.samefile(Path.cwd()):
            raise TargetError(f"{target} is where you are; choose a folder that is new")
        temporary = _sibling(target)
        try:
            temporary.mkdir(parents=True)
            yield temporary
            if target.exists():
                target.rmdir()
            rename(temporary, target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Makes a folder and its missing parents, and syncs their entries."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Syncs the entries of a folder; Windows cannot open folders and needs no sync."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def target_errors(path: Path, size: int = 0) -> Iterator[None]:
    """Turns errors of the file system into one line.

    Args:
        path: The path that is written.
        size: Bytes that are written; the message states it if the disk is full.

    Raises:
        TargetError: An OSError was raised inside.
    """
    try:
        yield
    except OSError as error:
        remedy, nearest = "", nearest_existing(path)
        reason = error.strerror or str(error)
        if leads_nowhere(nearest):  # the system says that it exists, or that it does not
            reason = f"{nearest} is a link that leads nowhere"
        if size and error.errno in NO_SPACE:
            remedy = f"; it needs {format_bytes(size)}, {format_bytes(free_disk(path))} are free"
        elif path.absolute().is_relative_to(zoo_home().absolute()) and not _is_home_usable():
            remedy = "; set ZOO_HOME to a folder that can be written to"
        raise TargetError(f"cannot write {path}: {reason}{remedy}") from error


def _is_home_usable() -> bool:
    """Whether ``ZOO_HOME``, or the nearest parent that exists, is a folder that can be changed."""
    nearest = nearest_existing(zoo_home())
    return os.access(nearest, os.W_OK | os.X_OK) and nearest.is_dir()
