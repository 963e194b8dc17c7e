"""Curves of a report: mean and spread over the seeds, per epoch and per step.

A page holds at most ``MAX_POINTS`` points of a curve. Longer curves are thinned: of epochs, equally
spaced ones are kept, the first and the last among them; steps are put into as many intervals of
equal length, and a point is the mean of its interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple, final

from zoo_core.comparisons.run_record import CurvePoint, RunRecord
from zoo_core.data.splits import SELECTION_ORDER
from zoo_core.run_folder.run_log import StepRow, read_steps
from zoo_report.groups import Group, mean_and_deviation

MAX_POINTS = 240
"""Points of a curve."""
MIN_POINTS = 40
"""Points of a curve where a page has many."""
POINT_BUDGET = 2400
"""Points of all curves of a chart."""
DIGITS = 6
"""Significant digits of a value on the page."""
HIDDEN_METRICS = {"coverage"}
"""Metrics that are no result."""
PART = {"loss": "training loss", "gradient_norm": "gradient norm", "learning_rate": "learning rate"}
"""The columns of ``steps.jsonl`` that are drawn, and their titles."""


@final
class Chart(NamedTuple):
    """The points of a chart.

    Args:
        name: What is drawn, such as ``loss``.
        title: Its title, with the unit.
        axes: Titles of the horizontal axes that it can have, by column.
        columns: The names of the columns.
        rows: A row for each point. ``series`` is the number of the group.
        is_log: Whether the vertical axis is logarithmic at first.
    """

    name: str
    title: str
    axes: dict[str, str]
    columns: tuple[str, ...]
    rows: list[list[Any]]
    is_log: bool


EPOCH_AXES = {"epoch": "epoch", "tokens": "targets predicted", "seconds": "seconds of training"}
STEP_AXES = {"step": "step", "tokens": "targets predicted"}
UNITS = {"loss": "loss (nats)", "gradient_norm": "gradient norm before clipping"}
SPIKE = 10.0
"""A largest value this many times the median takes a logarithmic axis."""


def epoch_charts(groups: Sequence[Group]) -> list[Chart]:
    """Returns a chart for each metric that was measured after the epochs."""
    names = {
        name: None
        for group in groups
        for run in group.runs
        for point in run.curve
        for split in SELECTION_ORDER
        for name in point.metrics.get(split, {})
        if name not in HIDDEN_METRICS
    }
    return [chart for name in names if (chart := _epoch_chart(name, groups)).rows]


def step_charts(groups: Sequence[Group]) -> list[Chart]:
    """Returns the charts of ``steps.jsonl``; none if no run has that file."""
    steps = [[read_steps(run.folder) for run in group.runs] for group in groups]
    charts = [_step_chart(name, steps) for name in PART]
    return [chart for chart in charts if chart.rows]


def _epoch_chart(name: str, groups: Sequence[Group]) -> Chart:
    limit = _points_per_curve(len(groups))
    rows: list[list[Any]] = []
    for series, group in enumerate(groups):
        for split in SELECTION_ORDER:
            points = _over_seeds(group.runs, split, name)
            rows += [[series, split, *point] for point in _thin(points, limit)]
    columns = ("series", "split", *EPOCH_AXES, "mean", "deviation", "seeds")
    axes = {
        column: title
        for column, title in EPOCH_AXES.items()
        if all(row[columns.index(column)] is not None for row in rows)
    }
    return Chart(name, _title(name), axes, columns, rows, _needs_logarithm(row[5] for row in rows))


def _over_seeds(runs: Sequence[RunRecord], split: str, name: str) -> list[list[Any]]:
    """Returns epoch, tokens, seconds, mean, deviation and number of seeds of each epoch."""
    by_epoch: dict[int, list[CurvePoint]] = {}
    for run in runs:
        for point in run.curve:
            if math.isfinite(point.metrics.get(split, {}).get(name, math.nan)):
                by_epoch.setdefault(point.epoch, []).append(point)
    rows: list[list[Any]] = []
    for epoch, points in sorted(by_epoch.items()):
        mean, deviation = mean_and_deviation([point.metrics[split][name] for point in points])
        tokens = _mean_or_none([point.tokens for point in points])
        seconds = _mean_or_none([point.seconds for point in points])
        rows.append([epoch, tokens, seconds, *map(rounded, (mean, deviation)), len(points)])
    return rows


def _step_chart(name: str, steps: Sequence[Sequence[Sequence[StepRow]]]) -> Chart:
    last = max((row.step for runs in steps for run in runs for row in run), default=1)
    width = math.ceil(last / _points_per_curve(len(steps)))
    rows: list[list[Any]] = []
    for series, runs in enumerate(steps):
        intervals: dict[int, list[list[StepRow]]] = {}
        for run in runs:
            for interval, members in _intervals(run, width, lambda row: getattr(row, name)):
                intervals.setdefault(interval, []).append(members)
        for interval, by_seed in sorted(intervals.items()):
            means = [fmean(getattr(row, name) for row in members) for members in by_seed]
            mean, deviation = mean_and_deviation(means)
            step = min((interval + 1) * width, max(rows_[-1].step for rows_ in by_seed))
            tokens = fmean(members[-1].tokens for members in by_seed)
            rows.append(
                [
                    series,
                    "train",
                    step,
                    rounded(tokens),
                    rounded(mean),
                    rounded(deviation),
                    len(means),
                ]
            )
    columns = ("series", "split", *STEP_AXES, "mean", "deviation", "seeds")
    return Chart(
        name, _title(name), STEP_AXES, columns, rows, _needs_logarithm(row[4] for row in rows)
    )


def _intervals(
    rows: Iterable[StepRow], width: int, value: Callable[[StepRow], float]
) -> Iterable[tuple[int, list[StepRow]]]:
    """Yields the intervals of steps with their rows, without values that are not finite."""
    intervals: dict[int, list[StepRow]] = {}
    for row in rows:
        if math.isfinite(value(row)):
            intervals.setdefault((row.step - 1) // width, []).append(row)
    return intervals.items()


def _points_per_curve(curves: int) -> int:
    return max(MIN_POINTS, min(MAX_POINTS, POINT_BUDGET // max(curves, 1)))


def _thin(points: list[list[Any]], limit: int) -> list[list[Any]]:
    if len(points) <= limit:
        return points
    last = len(points) - 1
    return [points[round(number * last / (limit - 1))] for number in range(limit)]


def _mean_or_none(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return rounded(fmean(known)) if len(known) == len(values) else None


def _needs_logarithm(values: Iterable[float]) -> bool:
    """Whether the largest value would flatten the curve of the others on a linear axis."""
    ordered = sorted(values)
    return bool(ordered) and ordered[0] > 0 and ordered[-1] >= SPIKE * ordered[len(ordered) // 2]


def _title(name: str) -> str:
    return UNITS.get(name, name.replace("_", " "))


def rounded(value: float | None) -> float | None:
    """Returns a value with ``DIGITS`` significant digits."""
    return None if value is None else float(f"{value:.{DIGITS}g}")
