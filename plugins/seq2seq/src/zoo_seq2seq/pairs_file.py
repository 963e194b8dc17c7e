"""Files with a source and a target in each line."""

from __future__ import annotations

import logging

from zoo_core.data.tables import listed_lines
from zoo_core.data.text import text_lines
from zoo_core.errors import DataError

logger = logging.getLogger("zoo_core.seq2seq")


def read_pairs(text: str, name: str, most: int | None) -> list[tuple[str, str]]:
    """Returns the first pairs of a text, without further columns such as the names of authors.

    Lines without a source or a target are reported and left out.

    Args:
        text: The text of the file.
        name: Name of the file in messages.
        most: The most pairs; None for all.

    Raises:
        DataError: No line has both a source and a target.
    """
    pairs: list[tuple[str, str]] = []
    incomplete = []
    for number, line in enumerate(text_lines(text), start=1):
        if len(pairs) == most:
            break
        source, _, rest = line.partition("\t")
        target = rest.partition("\t")[0]
        if source.strip() and target.strip():
            pairs.append((source, target))
        elif line.strip():
            incomplete.append(number)
    if not pairs:
        raise DataError(f"{name}: no line has a source, a tab and a target")
    if incomplete:
        count = "1 line has" if len(incomplete) == 1 else f"{len(incomplete)} lines have"
        where = listed_lines(incomplete)
        logger.warning("%s: %s no source or no target and will not be used: %s", name, count, where)
    return pairs
