"""A matrix of runs: a row for each model, a column for each dataset.

A cell has a metric on validation, which is like the data of training, and on test. Where the rows
of test are longer, as those of the tasks are, the two are what a network can do within the lengths
of its training and beyond them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Any, NamedTuple, final

from zoo_core.comparisons.comparison import evaluation_remarks, find_metric
from zoo_core.comparisons.formats import markdown_line
from zoo_core.comparisons.labels import changes, differences
from zoo_core.comparisons.run_record import RunRecord
from zoo_core.errors import MisfitError, NotFoundError
from zoo_core.references import shown
from zoo_core.run_folder.run_config import RunConfig

SPLITS = ("validation", "test")
"""The splits of a matrix, in the order of the numbers in a cell."""
CSV_COLUMNS = ("model", "dataset", "metric", "mean", "deviation", "seeds", "parameters")
MISSING = "–"


@final
class Spread(NamedTuple):
    """A metric of the runs of a cell on one split.

    Args:
        values: The values, in the order of the seeds.
        mean: Their mean.
        deviation: Their sample standard deviation; None for one seed.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float | None

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as JSON holds them."""
        return {"mean": self.mean, "deviation": self.deviation, "values": list(self.values)}


@final
class MatrixCell(NamedTuple):
    """The runs of one model on one dataset, which differ in their seeds alone.

    Args:
        spreads: The metric by split.
        runs: The runs, in the order of the seeds.
    """

    spreads: dict[str, Spread]
    runs: tuple[RunRecord, ...]

    @property
    def seeds(self) -> list[int]:
        """The seeds, ascending."""
        return [run.run_config.seed for run in self.runs]


@final
@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Models on datasets.

    Args:
        metric: The metric.
        higher_is_better: Whether the higher of two values is the better one.
        splits: The splits that every run has the metric on.
        rows: The names of the models, in the order in which they were found.
        columns: The names of the datasets.
        cells: The cells by row and column; a cell without runs is missing.
        remarks: What a reader must know, one line for each.
    """

    metric: str
    higher_is_better: bool
    splits: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], MatrixCell]
    remarks: tuple[str, ...]

    def spread(self, row: str, column: str, split: str) -> Spread | None:
        """Returns the metric of a cell; None if the cell has no runs."""
        cell = self.cells.get((row, column))
        return cell.spreads[split] if cell else None


def make_matrix(
    runs: Sequence[RunRecord], *, metric: str = "", remarks: Sequence[str] = ()
) -> Matrix:
    """Returns runs as a matrix.

    Args:
        runs: The runs, of any models and datasets.
        metric: ``metric`` or ``split.metric``; empty for the main metric of the trainers.
        remarks: Further remarks.

    Raises:
        MisfitError: No run has finished, or two runs of a cell differ in more
            than their seeds.
        NotFoundError: A run has no such metric.
    """
    remarks = [
        *remarks,
        *(
            f"{run.folder} was interrupted, and is left out: zoo resume {shown(run.folder)}"
            for run in runs
            if run.status != "finished"
        ),
    ]
    runs = [run for run in runs if run.status == "finished"]
    if not runs:
        raise MisfitError(f"nothing to compare: {'; '.join(remarks)}")
    first, name = find_metric(runs, metric)
    splits = (first,) if "." in metric else _splits(runs, name)
    row_names = _names([_part(run.run_config, "model") for run in runs])
    column_names = _names([_part(run.run_config, "dataset") for run in runs])
    grouped: dict[tuple[str, str], list[RunRecord]] = {}
    for row, column, run in zip(row_names, column_names, runs, strict=True):
        grouped.setdefault((row, column), []).append(run)
    cells = {place: _cell(place, group, splits, name) for place, group in grouped.items()}
    for split in splits:
        remarks += evaluation_remarks(runs, split)
    matrix = Matrix(
        metric=name,
        higher_is_better=runs[0].objective.higher_is_better(name),
        splits=splits,
        rows=tuple(dict.fromkeys(row_names)),
        columns=tuple(dict.fromkeys(column_names)),
        cells=cells,
        remarks=(),
    )
    return replace(matrix, remarks=(*remarks, *_seed_remarks(matrix)))


def _splits(runs: Sequence[RunRecord], metric: str) -> tuple[str, ...]:
    """Returns the splits of a matrix on which all runs have a metric."""
    common = tuple(
        split for split in SPLITS if all(metric in run.metrics.get(split, {}) for run in runs)
    )
    if not common:
        raise NotFoundError(
            f"not all runs have {metric} on validation or on test; name a split, such as "
            f"--metric train.{metric}"
        )
    return common


def _part(run_config: RunConfig, section: str) -> tuple[str, dict[str, Any]]:
    """Returns the name of a model or dataset, and its settings."""
    return getattr(run_config, section), dict(run_config.configs[section])


def _names(parts: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Returns a name for each part: what it is, with what tells it from others of its name."""
    distinct: dict[str, list[dict[str, Any]]] = {}
    for name, settings in parts:
        known = distinct.setdefault(name, [])
        if settings not in known:
            known.append(settings)
    shown = {name: _short(changes(settings)) for name, settings in distinct.items()}
    return [
        " ".join([name, *shown[name][distinct[name].index(settings)]]).replace(" = ", "=")
        for name, settings in parts
    ]


def _short(texts: list[list[str]]) -> list[list[str]]:
    """Returns what tells settings apart with a switch by its key if it is on, and not if it is off.

    They stay as they are where two would become equal.
    """
    short = [
        [text.removesuffix(" = true") for text in one if not text.endswith(" = false")]
        for one in texts
    ]
    return short if len(set(map(tuple, short))) == len(short) else texts


def _cell(
    place: tuple[str, str], group: list[RunRecord], splits: Sequence[str], metric: str
) -> MatrixCell:
    runs = sorted(group, key=lambda run: run.run_config.seed)
    if any(differing := differences([run.run_config for run in runs])):
        names = dict.fromkeys(text.partition(" = ")[0] for texts in differing for text in texts)
        raise MisfitError(
            f"{place[0]} on {place[1]} has runs with different {', '.join(names)}: a cell of a "
            "matrix has runs that differ in their seeds alone"
        )
    fingerprints = {run.fingerprint for run in runs}
    if len(fingerprints) > 1:
        raise MisfitError(
            f"{place[0]} on {place[1]} has runs on different data: their metrics do not compare"
        )
    spreads = {}
    for split in splits:
        values = tuple(run.metrics[split][metric] for run in runs)
        deviation = stdev(values) if len(values) > 1 else None
        spreads[split] = Spread(values, fmean(values), deviation)
    return MatrixCell(spreads, tuple(runs))


def _seed_remarks(matrix: Matrix) -> Iterator[str]:
    """Yields how many seeds the cells have, and which cells are missing."""
    counts = sorted({len(cell.runs) for cell in matrix.cells.values()})
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if counts[-1] > 1:
        yield f"mean ± sample standard deviation over {seeds} seeds"
    missing = len(matrix.rows) * len(matrix.columns) - len(matrix.cells)
    if missing:
        pairs = "1 pair has" if missing == 1 else f"{missing} pairs have"
        yield f"{MISSING}: {pairs} no run of the model on the dataset"


def format_cell(spread: Spread | None, decimals: int = 3) -> str:
    """Returns ``mean ± deviation`` with a number of decimals; small numbers keep two digits.

    >>> format_cell(Spread((0.5, 0.75), 0.625, 0.17678))
    '0.625 ± 0.177'
    >>> format_cell(Spread((5.3e-5,), 5.3e-5, None))
    '5.3e-05'
    """
    if spread is None:
        return MISSING
    mean = _number(spread.mean, decimals)
    if spread.deviation is None:
        return mean
    return f"{mean} ± {_number(spread.deviation, decimals)}"


def _number(value: float, decimals: int) -> str:
    is_small = 0 < abs(value) < 10.0**-decimals
    return f"{value:.2g}" if is_small else f"{value:.{decimals}f}"


def matrix_json(matrix: Matrix) -> dict[str, Any]:
    """Returns a matrix as JSON holds it."""
    cells = [
        {
            "row": row,
            "column": column,
            "model": cell.runs[0].run_config.model,
            "dataset": cell.runs[0].run_config.dataset,
            "parameters": cell.runs[0].parameters,
            "seeds": cell.seeds,
            **{split: spread.to_json() for split, spread in cell.spreads.items()},
        }
        for (row, column), cell in matrix.cells.items()
    ]
    return {
        "metric": matrix.metric,
        "higher_is_better": matrix.higher_is_better,
        "splits": list(matrix.splits),
        "rows": list(matrix.rows),
        "columns": list(matrix.columns),
        "cells": cells,
        "remarks": list(matrix.remarks),
    }


def matrix_csv(matrix: Matrix) -> str:
    """Returns a line for each cell and split, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for (row, column), cell in matrix.cells.items():
        for split, spread in cell.spreads.items():
            deviation = "" if spread.deviation is None else spread.deviation
            seeds = " ".join(map(str, cell.seeds))
            metric = f"{split}.{matrix.metric}"
            parameters = cell.runs[0].parameters
            writer.writerow([row, column, metric, spread.mean, deviation, seeds, parameters])
    return file.getvalue()


def matrix_markdown(matrix: Matrix) -> str:
    """Returns a table of a matrix, a line for each split in a cell, and the remarks."""
    header = ["", *matrix.columns]
    lines = [header, ["---", *["---:"] * len(matrix.columns)]]
    for row in matrix.rows:
        cells = [
            "<br>".join(format_cell(matrix.spread(row, column, split)) for split in matrix.splits)
            for column in matrix.columns
        ]
        lines.append([row, *cells])
    table = [markdown_line(line) for line in lines]
    title = f"{matrix.metric.replace('_', ' ')} on {', below on '.join(matrix.splits)}"
    notes = [f"- {note[0].upper()}{note[1:]}." for note in (title, *matrix.remarks)]
    return "\n".join([*table, "", *notes, ""])


def matrix_tables(matrix: Matrix, width: int) -> list[list[list[str]]]:
    """Returns a matrix as tables of text, the header first, each as many columns as fit.

    Args:
        matrix: The matrix.
        width: The columns of the terminal.
    """
    columns = [_text_column(matrix, column) for column in matrix.columns]
    left = [["", *_repeat(matrix)], ["", *[split for _ in matrix.rows for split in matrix.splits]]]
    taken = sum(_width(column) for column in left)
    tables: list[list[list[str]]] = []
    used = width + 1
    for column in columns:
        if used + _width(column) > width:
            tables.append([*left])
            used = taken
        tables[-1].append(column)
        used += _width(column)
    return [[list(line) for line in zip(*table, strict=True)] for table in tables]


def _repeat(matrix: Matrix) -> Iterator[str]:
    """Yields the name of each row, with its settings or a blank in each further line of it."""
    for row in matrix.rows:
        model, _, settings = row.partition(" ")
        if not settings or len(matrix.splits) == 1:
            yield row
            yield from [""] * (len(matrix.splits) - 1)
        else:
            yield model
            yield f"  {settings}"


def _text_column(matrix: Matrix, column: str) -> list[str]:
    spreads = [matrix.spread(row, column, split) for row in matrix.rows for split in matrix.splits]
    return [column, *map(format_cell, spreads)]


def _width(column: Sequence[str]) -> int:
    """Returns the width of a column of text, with what separates it from the next."""
    return max(map(len, column)) + 2
