"""Files known beforehand by size and sha256: downloaded once, verified and kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import final

from zoo_core.downloads.http import transfer
from zoo_core.downloads.progress import progress_callback
from zoo_core.errors import DataError, IntegrityError, NetworkError, ZooError
from zoo_core.storage.atomic import rename, sync_folder, target_errors
from zoo_core.storage.locations import data_folder
from zoo_core.storage.locks import file_lock


@final
@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file on the web.

    Args:
        name: Its local name, relative to the folder that it is downloaded to.
        size: Its size in bytes.
        sha256: The sha256 of its content, in hexadecimal digits.
        mirrors: Its addresses, in the order in which they are tried.
    """

    name: str
    size: int
    sha256: str
    mirrors: tuple[str, ...]


_DOWNLOADS_FORBIDDEN: ContextVar[bool] = ContextVar("downloads_forbidden", default=False)


@contextlib.contextmanager
def no_downloads() -> Iterator[None]:
    """Forbids downloads inside: ``fetch`` raises NetworkError for a file that is not there yet."""
    token = _DOWNLOADS_FORBIDDEN.set(True)
    try:
        yield
    finally:
        _DOWNLOADS_FORBIDDEN.reset(token)


def fetch(file: RemoteFile, folder: Path) -> Path:
    """Returns the path of a file in a folder, and downloads the file if it is not there yet.

    An interrupted download resumes. Processes that fetch the same file wait for each other.

    Raises:
        DataError: The file is there and cannot be read.
        IntegrityError: The file that is there, or that was downloaded, has another sha256.
        NetworkError: No mirror answers; the message says where to put a copy.
        TargetError: The folder cannot be written to.
    """
    target = folder / file.name
    if not target.exists() and _DOWNLOADS_FORBIDDEN.get():
        raise NetworkError(f"{file.name} is not downloaded yet")
    if not target.exists():
        with target_errors(folder):
            target.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(target.with_name(f".{target.name}")):
            if not target.exists():
                _download(file, target)
    try:
        read_verified(file, target, "remove it to download it again")
    except OSError as error:
        raise DataError(f"cannot read {target}: {error.strerror}") from None
    return target


def read_pinned(file: RemoteFile, copy: Path | None, remedy: str) -> bytes:
    """Returns the content of a remote file, which is downloaded once into the folder of data.

    Args:
        file: The remote file.
        copy: A local copy to read instead, or None.
        remedy: What to do if the copy is another file.

    Raises:
        DataError: The copy cannot be read.
        IntegrityError: The copy or the download is another file.
        NetworkError: The download failed; the message says where to put a copy.
    """
    if copy is None:
        return fetch(file, data_folder()).read_bytes()
    try:
        return read_verified(file, copy, remedy)
    except OSError as error:
        raise DataError(
            f"cannot read {copy}: {error.strerror}; name the copy with --dataset.path"
        ) from None


def read_verified(file: RemoteFile, path: Path, remedy: str, place: str = "") -> bytes:
    """Returns the content of a file, read from a path.

    Args:
        file: The file.
        path: The path. Of something longer, which may have no end as ``/dev/zero`` has none, no
            more than one byte beyond the file's size is read.
        remedy: What to do, or what was done, if the content is another one, for the message.
        place: Where the content comes from, for the message; the path by default.

    Raises:
        IntegrityError: The path has another content.
        OSError: The path cannot be read.
    """
    with path.open("rb") as stream:
        data = stream.read(file.size + 1)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != file.sha256:
        found = f"{len(data):,} bytes with sha256 {sha256}"
        if len(data) > file.size:
            found = f"more than {file.size:,} bytes"
        raise IntegrityError(
            f"{place or path} has {found}, "
            f"expected {file.size:,} bytes with sha256 {file.sha256}; {remedy}"
        )
    return data


def _download(file: RemoteFile, target: Path) -> None:
    """Downloads a file from the first mirror that has it."""
    part = target.with_name(f".{target.name}.{file.sha256[:8]}.part")
    failures: list[ZooError] = []
    for url in file.mirrors:
        try:
            _download_part(file, url, part)
        except (NetworkError, IntegrityError) as error:
            failures.append(error)
        else:
            with target_errors(target):
                rename(part, target)
                sync_folder(target.parent)
            return
    is_wrong = any(isinstance(failure, IntegrityError) for failure in failures)
    kind = IntegrityError if is_wrong else NetworkError
    raise kind(
        f"cannot download {file.name} ({'; '.join(map(str, failures))}); "
        f"a copy with sha256 {file.sha256} may be put at {target}"
    )


def _download_part(file: RemoteFile, url: str, part: Path) -> None:
    """Completes a part from a mirror; wrong bytes that an earlier try left are replaced."""
    while True:
        resumes = part.exists()
        try:
            with target_errors(part):
                transfer(url, part, file.size, progress_callback(file.name, file.size))
            read_verified(file, part, "it was thrown away", url)
            return
        except IntegrityError:
            part.unlink(missing_ok=True)
            if not resumes:
                raise
