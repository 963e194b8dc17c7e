"""Hashes of files: the size and sha256 that pin a file, and git's hash of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.configs.records import Count
from zoo_core.errors import IntegrityError

CHUNK = 1 << 20


@final
class FileRecord(NamedTuple):
    """A file's size in bytes and its sha256."""

    size: Count
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        """Returns the record of a file.

        Raises:
            IntegrityError: The file cannot be read.
        """
        try:
            return cls(path.stat().st_size, sha256(path))
        except OSError as error:
            raise IntegrityError(f"cannot read {path}: {error.strerror}") from None

    @classmethod
    def of_parts(cls, parts: Iterable[bytes | memoryview]) -> FileRecord:
        """Returns the record of a file with this content."""
        digest, size = hashlib.sha256(), 0
        for part in parts:
            digest.update(part)
            size += len(part)
        return cls(size, digest.hexdigest())

    def check_matches(self, path: Path, source: str = "the registry") -> None:
        """Raises an error if a file has another record.

        Args:
            path: The file.
            source: Where this record comes from, for the message.

        Raises:
            IntegrityError: The file is missing or differs; the message has both sizes or hashes.
        """
        actual = FileRecord.of(path)
        if actual.size != self.size:
            raise IntegrityError(f"{path}: {actual.size:,} bytes, {source} says {self.size:,}")
        if actual != self:
            raise IntegrityError(f"{path} has sha256 {actual.sha256}, {source} says {self.sha256}")


def sha256_of_fields(fields: Iterable[bytes]) -> str:
    """Returns the sha256 of fields and their lengths, which tell where each of them ends."""
    digest = hashlib.sha256()
    for field in fields:
        digest.update(len(field).to_bytes(8, "big") + field)
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Returns the sha256 of a file, in hexadecimal digits."""
    return _digest(path, "sha256", b"")


def git_hash(path: Path) -> str:
    """Returns the sha1 of a file as a git blob, in hexadecimal digits."""
    return _digest(path, "sha1", b"blob %d\0" % path.stat().st_size)


def _digest(path: Path, algorithm: str, prefix: bytes) -> str:
    digest = hashlib.new(algorithm, prefix)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
