"""The month and the year of the rows of a table, as columns that a model can see."""

from __future__ import annotations

import calendar

from zoo_core.data.tables import Table
from zoo_core.errors import DataError
from zoo_series.times import MONTHS_IN_YEAR, parse_times

NAMES = tuple(name.lower() for name in calendar.month_name[1:])
COLUMNS = ("year", *NAMES)
"""The columns: the years since the first row, and for each month whether it is that of the row."""
YEARS = 83
"""The years that the column of the years counts as 1."""
FUTURE = 240
"""Rows after the last one that are added, so that their month and year are known."""


def with_months(table: Table) -> Table:
    """Returns a monthly table with the year and month of its rows, and of rows that follow.

    The first column has the times. The rows that follow have no values.

    Raises:
        DataError: The rows are not monthly.
    """
    labels = [row[0] for row in table.rows]
    times = parse_times(labels)
    if times is None or not times.months or times.step != 1:
        raise DataError(f"{table.name}: the first column has no months, such as 1949-01")
    first, future = times.keys[0], times.following(FUTURE)
    keys = [*times.keys, *(times.keys[-1] + number for number in range(1, FUTURE + 1))]
    empty = [""] * (len(table.columns) - 1)
    rows = [*table.rows, *([label, *empty] for label in future)]
    lines = [*table.lines, *(table.lines[-1] + number for number in range(1, FUTURE + 1))]
    years = [key // MONTHS_IN_YEAR - first // MONTHS_IN_YEAR for key in keys]
    columns = [
        [
            repr(year / YEARS),
            *("1" if key % MONTHS_IN_YEAR == month else "0" for month in range(12)),
        ]
        for year, key in zip(years, keys, strict=True)
    ]
    return Table(
        table.name,
        (*table.columns, *COLUMNS),
        [row + added for row, added in zip(rows, columns, strict=True)],
        lines,
    )
