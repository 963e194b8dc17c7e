"""Reading of text from stdin, and errors about one of several inputs."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO

from zoo_core.data.text import decode_text
from zoo_core.errors import DataError, ZooError


@contextlib.contextmanager
def naming_input(noun: str, number: int, count: int) -> Iterator[None]:
    """Says in an error that is raised inside which input it is about, if there are several.

    Args:
        noun: What the inputs are, such as ``prompt``.
        number: The number of this one, from 1.
        count: How many there are.

    Raises:
        ZooError: One was raised inside.
    """
    try:
        yield
    except ZooError as error:
        if count == 1:
            raise
        raise type(error)(f"{noun} {number} of {count}: {error}") from None


def read_stdin() -> str:
    """Returns the text of stdin, with newlines as line ends.

    It is read as UTF-8, whatever the locale; other bytes as the locale says.

    Raises:
        DataError: Stdin is closed, cannot be read, or holds text in neither encoding.
    """
    if sys.stdin is None:  # closed by the calling process
        raise DataError("cannot read stdin: it is closed; pipe the text in, or use --file")
    try:
        data = _read_bytes(sys.stdin)
    except OSError as error:
        raise DataError(f"cannot read stdin: {error.strerror}") from None
    return decode_text(data, "stdin")


def _read_bytes(stream: TextIO) -> bytes:
    """Returns what a stream holds as UTF-8, or its bytes if they are text in no encoding."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream.read().encode("utf-8", "surrogateescape")
    data: bytes = stream.buffer.read()
    for encoding in ("utf-8", stream.encoding):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding).encode()
    return data
