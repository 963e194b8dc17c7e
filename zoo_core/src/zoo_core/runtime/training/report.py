"""Tables that an evaluation shows beside the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, final

Cell: TypeAlias = str | int | float | None


@final
class Table(NamedTuple):
    """A table of an evaluation, such as the precision of every class.

    Args:
        name: Its key in JSON, beside the metrics of the split.
        columns: The names of the columns.
        rows: A cell for each column; None where there is no value.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]

    def to_json(self) -> list[dict[str, Any]]:
        """Returns an object for each row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]
