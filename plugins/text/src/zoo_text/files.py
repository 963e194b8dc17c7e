"""The files of a text: which they are, and their characters, piece by piece."""

from __future__ import annotations

import codecs
import glob
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, final

from zoo_core.data.encodings import AUTO, SAMPLE_BYTES, encoding_remedy, find_encoding
from zoo_core.data.text import decode_file
from zoo_core.errors import DataError

READ_BYTES = 1 << 20
"""Bytes that are read and decoded at once."""
PATTERN = frozenset("*?[")
WITHOUT_STATE = ("unicode_escape", "raw_unicode_escape", "undefined", "idna", "punycode")
"""Encodings that are decoded as a whole."""


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Returns the files of paths: files, folders (all files below, sorted) and patterns.

    Raises:
        DataError: A folder has no file, or no file matches a pattern.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            names = [name for name in sorted(path.rglob("*")) if _is_text_file(name, path)]
            if not names:
                raise DataError(f"{path} holds no file; name another --dataset.path")
        elif PATTERN & set(str(path)) and not path.exists():
            found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  # keeps absolute patterns
            names = [Path(name) for name in found if Path(name).is_file()]
            if not names:
                raise DataError(f"no file matches {path}; name another --dataset.path")
        else:
            names = [path]
        files += names
    return files


def _is_text_file(path: Path, folder: Path) -> bool:
    """Whether a file counts that a folder holds; hidden ones do not."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.is_file()


@final
class FileIdentity(NamedTuple):
    """What changes when a file does.

    Args:
        path: Its absolute path.
        size: Its bytes.
        changed_at: Its time of change in nanoseconds.
        inode: Its number on the disk.
    """

    path: str
    size: int
    changed_at: int
    inode: int


def identify(path: Path) -> FileIdentity:
    """Returns the identity of a file.

    Raises:
        DataError: There is no such file.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(21, "Is a directory")
    except OSError as error:
        raise _unreadable(path, error) from None
    return FileIdentity(str(path.absolute()), status.st_size, status.st_mtime_ns, status.st_ino)


def read_files(files: Sequence[Path], encoding: str) -> Iterator[str]:
    """Yields the text of files, with newlines as line ends and one between two files.

    Raises:
        DataError: A file cannot be read, or is not in the encoding.
    """
    return (text for _, text in read_marked(files, encoding))


def read_marked(files: Sequence[Path], encoding: str) -> Iterator[tuple[bool, str]]:
    """Yields the text of ``read_files``, each piece with whether a file begins with it.

    Raises:
        DataError: A file cannot be read, or is not in the encoding.
    """
    ends_line = True
    for path in files:
        if not ends_line:
            yield False, "\n"
        is_first = True
        for text in _read_file(path, encoding):
            if text:
                yield is_first, text
                is_first, ends_line = False, text.endswith("\n")


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"cannot read {path}: {error.strerror}; name the file with --dataset.path")


def _read_file(path: Path, encoding: str) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
            if encoding == AUTO:
                encoding = find_encoding(str(path), sample)
            if len(sample) < SAMPLE_BYTES or _is_decoded_whole(encoding):
                data = sample + file.read()
                yield decode_file(data, str(path), encoding)
                return
            yield from _decode(_blocks(file, sample), path, encoding)
    except OSError as error:
        raise _unreadable(path, error) from None


def _blocks(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    """Yields the rest of a file after its first bytes, and nothing at its end."""
    yield first
    while block := file.read(READ_BYTES):
        yield block
    yield b""


def _is_decoded_whole(encoding: str) -> bool:
    """Whether an encoding has no decoder for a stream, or is none of a text."""
    try:
        b"".decode(encoding)
        info = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return True
    return info.incrementaldecoder is None or info.name.replace("-", "_") in WITHOUT_STATE


def _decode(blocks: Iterator[bytes], path: Path, encoding: str) -> Iterator[str]:
    """Yields the text of the blocks of a file; the last block is empty."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, held, is_first = 0, "", True
    for block in blocks:
        try:
            text = held + decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            start = offset + len(block) - len(error.object) + error.start
            around = error.object[max(error.start - SAMPLE_BYTES, 0) :]
            raise DataError(
                f"{path} is not {encoding}: byte {error.object[error.start]:#04x} at offset "
                f"{start}; {encoding_remedy(around, encoding)}"
            ) from None
        if "\0" in text:
            place = offset + max(block.find(b"\0"), 0)
            remedy = encoding_remedy(block, encoding)
            raise DataError(f"{path} is not text: NUL byte at offset {place}; {remedy}")
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        held = ""
        if block and text.endswith("\r"):  # the newline after it may be in the next block
            text, held = text[:-1], "\r"
        offset += len(block)
        yield text.replace("\r\n", "\n").replace("\r", "\n")
