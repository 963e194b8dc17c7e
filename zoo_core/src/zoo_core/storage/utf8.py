"""Reading files that people write and that have to be UTF-8, such as TOML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def read_utf8(path: Path | Traversable) -> str:
    """Returns the text of a file without its byte order mark.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not UTF-8; the message says where and what to do.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {data[error.start]:#04x} at offset {error.start}"
        raise ValueError(f"not UTF-8: {place}; save it as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
