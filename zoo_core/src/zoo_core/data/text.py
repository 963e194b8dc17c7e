"""Bytes as text: what is no text is refused with the offset of the byte that says so."""

from __future__ import annotations

from zoo_core.errors import DataError


def decode_text(data: bytes, name: str, encoding: str = "utf-8", *, remedy: str = "") -> str:
    """A text without a byte order mark, every line ended by a newline character.

    Args:
        data: The bytes of a file.
        name: What errors call it.
        encoding: How bytes mean characters.
        remedy: What to do about another encoding.

    Raises:
        DataError: There is no such encoding, the bytes are not in it, or one of them is NUL.
    """
    advice = f"; {remedy}" if remedy else ""
    try:
        text = data.decode(encoding)
    except LookupError:
        raise DataError(f"no encoding {encoding!r}; try utf-8 or latin-1") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is not {encoding}: byte {error.object[error.start]:#04x} at offset "
            f"{error.start}{advice}"
        ) from None
    except ValueError as error:  # a codec that cannot say where it failed
        raise DataError(f"{name}: encoding {encoding!r}: {error}") from None
    if "\0" in text:
        try:
            offset = len(text[: text.index("\0")].encode(encoding, "surrogatepass"))
        except UnicodeError:  # an encoding that reads more than it writes
            offset = data.find(b"\0")
        raise DataError(f"{name} is no text: a NUL at offset {offset}{advice}")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
