"""The files of a text: which they are, and their characters, piece by piece."""

from __future__ import annotations

import codecs
import glob
import logging
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, final

from zoo_core.data.text import decode_text
from zoo_core.errors import DataError

SAMPLE_BYTES = 100_000
"""Bytes of a text from which its encoding is guessed."""
READ_BYTES = 1 << 20
"""Bytes that are read and decoded at once."""
AUTO = "auto"
"""The encoding of a file is found out from its bytes."""
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The encodings of byte order marks."""
STRICT = ("gb", "big5", "euc", "shift", "cp932", "cp949", "johab", "iso2022", "utf_16", "utf_32")
"""How the names of encodings begin that most bytes are not in, so that a guess is sure enough."""
PATTERN = frozenset("*?[")
WITHOUT_STATE = ("unicode_escape", "raw_unicode_escape", "undefined", "idna", "punycode")
"""Encodings that are decoded as a whole."""

logger = logging.getLogger("zoo_core.text")


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
                encoding = _find_encoding(path, sample)
            if len(sample) < SAMPLE_BYTES or _is_decoded_whole(encoding):
                data = sample + file.read()
                yield decode_text(
                    data, str(path), encoding, remedy=lambda data: _remedy(data, encoding)
                )
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
                f"{start}; {_remedy(around, encoding)}"
            ) from None
        if "\0" in text:
            place = offset + max(block.find(b"\0"), 0)
            raise DataError(
                f"{path} is not text: NUL byte at offset {place}; {_remedy(block, encoding)}"
            )
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        held = ""
        if block and text.endswith("\r"):  # the newline after it may be in the next block
            text, held = text[:-1], "\r"
        offset += len(block)
        yield text.replace("\r\n", "\n").replace("\r", "\n")


def _find_encoding(path: Path, sample: bytes) -> str:
    """Returns the encoding of a file, and logs it unless it is UTF-8.

    A byte order mark tells it. What is not UTF-8 is in the encoding in which the sample is of a
    known language, if that is one that other bytes hardly fit.
    """
    for mark, encoding in MARKS.items():
        if sample.startswith(mark):
            if encoding != "utf-8":
                logger.info("%s is %s, as its byte order mark says", path, encoding.upper())
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        pass
    else:
        if b"\0" not in sample:
            return "utf-8"
    guess = guess_encoding(sample, "utf-8")
    if not guess.startswith(STRICT):
        return "utf-8"
    logger.warning(
        "%s is read as %s, which it looks like; --dataset.encoding sets another", path, guess
    )
    return guess


def guess_encoding(sample: bytes, tried: str) -> str:
    """Returns the encoding in which some bytes are of a known language; empty if there is none.

    Args:
        sample: The bytes.
        tried: An encoding that they are not in.
    """
    from charset_normalizer import from_bytes

    best = from_bytes(sample[:SAMPLE_BYTES]).best()
    if best is None or not (best.bom or best.language != "Unknown"):
        return ""
    names = {codecs.lookup(encoding).name for encoding in (tried, "ascii")}
    if codecs.lookup(best.encoding).name in names:
        return ""  # a NUL is not text in any encoding
    return best.encoding


def _remedy(data: bytes, tried: str) -> str:
    """Returns what to do about a text in another encoding than the one tried."""
    guess = guess_encoding(data, tried)
    return f"name another --dataset.encoding{f', likely {guess}' if guess else ''}"
