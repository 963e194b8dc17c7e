"""The rows of a table that have all that a dataset needs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple, final

from zoo_core.data.tables import Table, listed_lines
from zoo_core.errors import DataError
from zoo_core.storage.hashes import sha256_of_fields
from zoo_tables.configs import AbstractTextRowsConfig

MAX_EXAMPLE_LENGTH = 60
"""Symbols of an example, which shares a line with a command."""

logger = logging.getLogger("zoo_core.tables")


@final
class CompleteRows(NamedTuple):
    """The rows of a table that have a text in both columns.

    Args:
        inputs: The texts of the first column.
        answers: The texts of the second column.
        lines: The line of each row in its file.
    """

    inputs: list[str]
    answers: list[str]
    lines: list[int]


def complete_rows(table: Table, columns: Mapping[str, str], name: str) -> CompleteRows:
    """Returns two columns of a table; rows that lack one of both are reported and left out.

    Args:
        table: The table.
        columns: The names of the columns by their noun, such as ``text``, which is also the
            beginning of the option that chooses the column.
        name: Name of the dataset in messages.

    Raises:
        DataError: The table has no such columns, or no row is complete.
    """
    first, second = columns
    inputs, answers = (
        table.column(column, f"--dataset.{noun}-column") for noun, column in columns.items()
    )
    rows, incomplete = CompleteRows([], [], []), []
    for value, answer, line in zip(inputs, answers, table.lines, strict=True):
        if not value.strip() or not answer.strip():
            incomplete.append(line)
            continue
        rows.inputs.append(value)
        rows.answers.append(answer)
        rows.lines.append(line)
    if incomplete:
        count = "1 row has" if len(incomplete) == 1 else f"{len(incomplete)} rows have"
        where = listed_lines(incomplete)
        logger.warning(
            "%s: %s no %s or no %s and will not be used: %s", name, count, first, second, where
        )
    if not rows.inputs:
        raise DataError(f"{name}: no row has both a {first} and a {second}")
    return rows


def prepared(text: str, config: AbstractTextRowsConfig) -> str:
    """Returns a text in lower case and cut, as the settings say.

    Tokens that are no characters are counted, and cut, when the text has become tokens.
    """
    text = text.lower() if config.lowercase else text
    return text[: config.max_length] if config.tokens == "char" else text


def hash_of(fields: Iterable[str]) -> str:
    """Returns the sha256 of texts and their lengths."""
    return sha256_of_fields(field.encode("utf-8", "surrogatepass") for field in fields)
