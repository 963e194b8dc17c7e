"""Decoding of text files, with the offset of the first byte that is not text."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from zoo_core.data.encodings import AUTO, SAMPLE_BYTES, encoding_remedy, find_encoding
from zoo_core.errors import DataError


def decode_text(
    data: bytes,
    name: str,
    encoding: str = "utf-8",
    *,
    remedy: Callable[[bytes], str] | None = None,
) -> str:
    """Returns the text of a file without byte order mark and with newlines as line ends.

    Args:
        data: Bytes of the file.
        name: Name of the file in errors.
        encoding: Encoding of the file.
        remedy: Returns from the bytes what to do if they are in another encoding.

    Raises:
        DataError: The encoding is unknown, or the bytes are not in it or contain a NUL.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of an escape in unicode_escape
            text = data.decode(encoding)
    except LookupError:
        raise DataError(f"no encoding {encoding!r}; try utf-8 or latin-1") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is not {encoding}: byte {error.object[error.start]:#04x} at offset "
            f"{error.start}{_advice(remedy, data)}"
        ) from None
    except ValueError as error:  # codecs that report no position
        raise DataError(f"{name}: encoding {encoding!r}: {error}") from None
    if "\0" in text:
        try:
            offset = len(text[: text.index("\0")].encode(encoding, "surrogatepass"))
        except UnicodeError:  # codecs that decode what they cannot encode
            offset = data.find(b"\0")
        raise DataError(f"{name} is not text: NUL byte at offset {offset}{_advice(remedy, data)}")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _advice(remedy: Callable[[bytes], str] | None, data: bytes) -> str:
    return f"; {remedy(data)}" if remedy else ""


def decode_file(data: bytes, name: str, encoding: str = AUTO) -> str:
    """Returns the text of a file of data, whose encoding ``--dataset.encoding`` may name.

    Args:
        data: Bytes of the file.
        name: Name of the file in messages.
        encoding: Encoding of the file; ``auto`` to find it out from the bytes.

    Raises:
        DataError: The encoding is unknown, or the bytes are not in it or contain a NUL.
    """
    if encoding == AUTO:
        encoding = find_encoding(name, data[:SAMPLE_BYTES])
    return decode_text(data, name, encoding, remedy=lambda data: encoding_remedy(data, encoding))


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Returns the text of a file, with newlines as line ends.

    Args:
        path: The file.
        encoding: Its encoding; ``auto`` to find it out from the bytes.

    Raises:
        DataError: The file cannot be read, or is not in the encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    if encoding == AUTO:
        encoding = find_encoding(str(path), data[:SAMPLE_BYTES])
    return decode_text(data, str(path), encoding, remedy=lambda data: "save it as UTF-8")


def text_lines(text: str) -> list[str]:
    """Returns the lines of a text; a form feed, for example, is a symbol and ends no line."""
    lines = text.split("\n")
    if not lines[-1]:  # after the last line end
        del lines[-1]
    return lines
