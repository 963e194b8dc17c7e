"""What pins a file: its size and its sha256; and what git and so the Hub call its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.errors import IntegrityError


@final
class FileRecord(NamedTuple):
    """A file's size in bytes and its sha256."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        """The record of a file.

        Raises:
            IntegrityError: It cannot be read.
        """
        try:
            return cls(path.stat().st_size, sha256(path))
        except OSError as error:
            raise IntegrityError(f"cannot read {path}: {error.strerror}") from None

    def check_matches(self, path: Path, source: str = "the registry") -> None:
        """Says so if a file is not the one.

        Args:
            path: The file.
            source: Who said what it should be.

        Raises:
            IntegrityError: It is missing or another; both sizes or hashes are told.
        """
        found = FileRecord.of(path)
        if found.size != self.size:
            said = f"{path}: {found.size:,} bytes, {source} says {self.size:,}"
            raise IntegrityError(said)
        if found != self:
            raise IntegrityError(f"{path} has sha256 {found.sha256}, {source} says {self.sha256}")


def sha256(path: Path) -> str:
    """The sha256 of a file."""
    return _digest(path, "sha256", b"")


def git_hash(path: Path) -> str:
    """The sha1 that git gives a file."""
    return _digest(path, "sha1", b"blob %d\0" % path.stat().st_size)


def _digest(path: Path, algorithm: str, before: bytes) -> str:
    digest = hashlib.new(algorithm, before)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
