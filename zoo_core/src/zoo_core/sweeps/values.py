"""Several values in one text, as the command line takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMA = re.compile(r"(?<!\\),")


def split_values(texts: Sequence[str]) -> list[str]:
    r"""Returns the values of a flag that was typed once or several times.

    A comma separates values. ``\,`` is a comma within a value, and so is every comma of a flag
    that is typed several times, once for each value.

    >>> split_values([r"1,2\,5"]), split_values(["a,b", "c"])
    (['1', '2,5'], ['a,b', 'c'])
    """
    if len(texts) > 1:
        return list(texts)
    return [part.replace(r"\,", ",") for text in texts for part in _COMMA.split(text)]
