"""Series: the numbers of a table, one series after the other, with their times."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

from zoo_core.data.tables import Table, listed_lines
from zoo_core.errors import DataError
from zoo_core.escaping import quoted
from zoo_series.times import Times, parse_times

logger = logging.getLogger("zoo_core.series")


@final
@dataclass(frozen=True)
class Series:
    """One series.

    Args:
        name: Its name in the id column; empty if the table has none.
        times: The times of its rows as they are written.
        rows: The values and then the covariates of each row.
        future_times: The times of rows without values, at the end of the series.
        future: The covariates of these rows.
    """

    name: str
    times: list[str]
    rows: list[list[float]]
    future_times: list[str]
    future: list[list[float]]

    def parsed_times(self) -> Times | None:
        """Returns the times as numbers; None if they are not written in a known way."""
        return parse_times(self.times)


@final
class Columns(NamedTuple):
    """The columns of a table that make a series.

    Args:
        time: The column of the times.
        values: The columns to forecast.
        covariates: The columns that are seen and not forecast.
        id: The column that names the series; empty if there is one series only.
    """

    time: str
    values: tuple[str, ...]
    covariates: tuple[str, ...]
    id: str


def choose_columns(
    table: Table,
    *,
    time: str | None,
    values: Sequence[str],
    covariates: Sequence[str],
    id: str | None,
) -> Columns:
    """Returns the columns of a table, where none is named the first and all others of numbers.

    Args:
        table: The table.
        time: The column of the times, or None for the first one.
        values: The columns to forecast; empty for all other columns of numbers.
        covariates: The columns that are seen and not forecast.
        id: The column that names the series, if there is one.

    Raises:
        DataError: There is no such column, a column is named twice, or none has numbers.
    """
    time = table.columns[0] if time is None else time
    options = {"time-column": [time], "value-columns": values, "covariate-columns": covariates}
    options["id-column"] = [id] if id else []
    used: set[str] = set()
    for option, names in options.items():
        for name in names:
            table.position(name, f"--dataset.{option}")
            if name in used:
                raise DataError(f"{table.name}: the column {quoted(name)} is named twice")
            used.add(name)
    if not values:
        values = _numeric_columns(table, [name for name in table.columns if name not in used])
    return Columns(time, tuple(values), tuple(covariates), id or "")


def _numeric_columns(table: Table, names: Sequence[str]) -> list[str]:
    """Returns the columns of numbers; one that is of numbers but for a few fields is reported.

    Raises:
        DataError: There is none.
    """
    numeric = []
    for name in names:
        fields = table.column(name, "--dataset.value-columns")
        filled = [field for field in fields if field.strip()]
        wrong = [
            line
            for field, line in zip(fields, table.lines, strict=True)
            if field.strip() and _number(field) is None
        ]
        if filled and not wrong:
            numeric.append(name)
        elif 0 < len(wrong) < len(filled) / 2:
            logger.warning(
                "%s: the column %s is not used, it has no number on %s",
                table.name,
                quoted(name),
                listed_lines(wrong),
            )
    if not numeric:
        if table.remedy:
            raise DataError(f"{table.name}: no column of numbers: {table.remedy}")
        raise DataError(
            f"{table.name}: no column of numbers beside the times; name one with "
            "--dataset.value-columns"
        )
    return numeric


def read_series(table: Table, columns: Columns) -> list[Series]:
    """Returns the series of a table, in the order of their first rows.

    Rows at the end of a series whose values are all empty have covariates of the future.

    Raises:
        DataError: A field is not a number or empty, or the times of a series do not increase.
    """
    positions = {name: table.columns.index(name) for name in table.columns}
    found: dict[str, list[int]] = {}
    for number, row in enumerate(table.rows):
        name = row[positions[columns.id]].strip() if columns.id else ""
        found.setdefault(name, []).append(number)
    return [_one_series(table, columns, positions, name, rows) for name, rows in found.items()]


def _one_series(
    table: Table, columns: Columns, positions: dict[str, int], name: str, numbers: list[int]
) -> Series:
    values = [positions[column] for column in columns.values]
    end = len(numbers)
    while end and not any(table.rows[numbers[end - 1]][value].strip() for value in values):
        end -= 1
    known, future = numbers[:end], numbers[end:]
    if not known:
        which = f" of {quoted(name)}" if name else ""
        raise DataError(f"{table.name}: the series{which} has no values")
    time = positions[columns.time]
    series = Series(
        name,
        [table.rows[number][time] for number in known],
        [_numbers(table, number, (*columns.values, *columns.covariates)) for number in known],
        [table.rows[number][time] for number in future],
        [_numbers(table, number, columns.covariates) for number in future],
    )
    times = series.parsed_times()
    position = times.first_decrease() if times else None
    if position is not None:
        line, which = table.lines[known[position]], f" of {quoted(name)}" if name else ""
        remedy = "sort the rows by time"
        if not columns.id:
            remedy += ", or name the series of each row with --dataset.id-column"
        raise DataError(
            f"{table.name}, line {line}: the time {quoted(series.times[position])}{which} is not "
            f"after {quoted(series.times[position - 1])}; {remedy}"
        )
    return series


def _numbers(table: Table, number: int, columns: Sequence[str]) -> list[float]:
    row, line = table.rows[number], table.lines[number]
    numbers = []
    for column in columns:
        field = row[table.columns.index(column)]
        value = _number(field)
        if value is None:
            problem = f"{quoted(field)} is no number" if field.strip() else "a number is missing"
            raise DataError(
                f"{table.name}, line {line}: {problem} in the column {quoted(column)}; fill it in, "
                "remove the row, or leave the column out"
            )
        numbers.append(value)
    return numbers


def _number(field: str) -> float | None:
    try:
        value = float(field)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
