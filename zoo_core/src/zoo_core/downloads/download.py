"""Downloads: files known beforehand by size and sha256, fetched once and kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import final

from zoo_core.downloads.http import transfer
from zoo_core.downloads.progress import listening
from zoo_core.errors import DataError, IntegrityError, NetworkError, ZooError
from zoo_core.storage.atomic import sync_folder, target_errors, waiting_for


@final
@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file on the web.

    Args:
        name: What it is called here.
        size: In bytes.
        sha256: Of its content, in hexadecimal digits.
        mirrors: Addresses that have it, the best one first.
    """

    name: str
    size: int
    sha256: str
    mirrors: tuple[str, ...]


_OFFLINE: ContextVar[bool] = ContextVar("offline", default=False)


@contextlib.contextmanager
def at_hand_only() -> Iterator[None]:
    """Inside, nothing is downloaded: what is not at hand is a NetworkError at once."""
    token = _OFFLINE.set(True)
    try:
        yield
    finally:
        _OFFLINE.reset(token)


def fetch(file: RemoteFile, folder: Path) -> Path:
    """The file in a folder, downloaded if it is not there yet.

    An interrupted download goes on where it stopped. Two processes at once wait for each other.

    Raises:
        DataError: What lies there cannot be read.
        IntegrityError: What lies there, or what came, is not the file.
        NetworkError: No mirror answers; the message says where to put a copy.
        TargetError: The folder cannot be written to.
    """
    target = folder / file.name
    if not target.exists() and _OFFLINE.get():
        raise NetworkError(f"{file.name} is not at hand")
    if not target.exists():
        with target_errors(folder):
            target.parent.mkdir(parents=True, exist_ok=True)
        with waiting_for(target.with_name(f".{target.name}")):
            if not target.exists():
                _download(file, target)
    try:
        data = target.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {target}: {error.strerror}") from None
    check_matches(file, data, str(target), "remove it to download it again")
    return target


def check_matches(file: RemoteFile, data: bytes, place: str, remedy: str) -> None:
    """Says so if bytes are not the file's.

    Raises:
        IntegrityError: The sha256 is another one.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise IntegrityError(
            f"{place} has {len(data):,} bytes with sha256 {found}, "
            f"expected {file.size:,} bytes with sha256 {file.sha256}; {remedy}"
        )


def _download(file: RemoteFile, target: Path) -> None:
    part = target.with_name(f".{target.name}.{file.sha256[:8]}.part")
    refusals: list[ZooError] = []
    for url in file.mirrors:
        try:
            _bring(file, url, part)
        except (NetworkError, IntegrityError) as error:
            refusals.append(error)
        else:
            with target_errors(target):
                part.replace(target)
                sync_folder(target.parent)
            return
    wrong = any(isinstance(error, IntegrityError) for error in refusals)
    kind = IntegrityError if wrong else NetworkError
    raise kind(
        f"cannot download {file.name} ({'; '.join(map(str, refusals))}); "
        f"a copy with sha256 {file.sha256} may be put at {target}"
    )


def _bring(file: RemoteFile, url: str, part: Path) -> None:
    """The whole file into its part; what an earlier try left spoilt is fetched anew."""
    while True:
        begun = part.exists()
        try:
            with target_errors(part):
                transfer(url, part, file.size, listening(file.name, file.size))
            check_matches(file, part.read_bytes(), url, "it was thrown away")
            return
        except IntegrityError:
            part.unlink(missing_ok=True)
            if not begun:
                raise
