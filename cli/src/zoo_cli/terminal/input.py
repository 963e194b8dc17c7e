"""Reading of text from stdin."""

from __future__ import annotations

import sys

from zoo_core.data.text import decode_text
from zoo_core.errors import DataError


def read_stdin() -> str:
    """Returns the text of stdin, with newlines as line ends.

    Raises:
        DataError: Stdin is closed, cannot be read, or holds no UTF-8 text.
    """
    if sys.stdin is None:  # closed by the calling process
        raise DataError("cannot read stdin: it is closed; pipe the text in, or use --file")
    try:
        data = sys.stdin.read().encode("utf-8", "surrogateescape")
    except UnicodeDecodeError as error:
        data = error.object
    except OSError as error:
        raise DataError(f"cannot read stdin: {error.strerror}") from None
    return decode_text(data, "stdin")
