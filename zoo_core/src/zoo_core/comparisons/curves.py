"""Curves of a comparison: the metric over tokens, with its mean and deviation over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from statistics import fmean, stdev
from typing import Literal, NamedTuple, TypeAlias, final

from zoo_core.comparisons.comparison import Comparison, ComparisonRow
from zoo_core.comparisons.run_record import CurvePoint

Axis: TypeAlias = Literal["tokens", "seconds", "epochs"]


@final
class MeanPoint(NamedTuple):
    """A point of a curve at the end of an epoch that every run of its row has trained.

    Args:
        x: Tokens, seconds of training or epochs, the mean over the seeds; seconds over those alone
            whose times compare.
        mean: The mean of the metric.
        deviation: Its sample standard deviation; 0 for one seed.
    """

    x: float
    mean: float
    deviation: float


def axis_of(comparison: Comparison) -> Axis:
    """Returns ``tokens``, or ``epochs`` if a run does not say how many tokens it took."""
    points = [point for row in comparison.rows for run in row.runs for point in run.curve]
    return "epochs" if any(point.tokens is None for point in points) else "tokens"


def curve(comparison: Comparison, row: ComparisonRow, axis: Axis) -> list[MeanPoint]:
    """Returns the curve of a row; empty if its runs have no history of the metric.

    An epoch at whose end the metric of a run was infinite or not a number is left out.

    Args:
        comparison: The comparison.
        row: One of its rows.
        axis: What the curve is over; ``seconds`` needs times that compare.
    """
    split, metric = comparison.split, comparison.metric
    curves = [
        [point for point in run.curve if metric in point.metrics.get(split, {})] for run in row.runs
    ]
    counted = [axis != "seconds" or run in row.timed_runs for run in row.runs]
    points = []
    for epoch in zip(*curves, strict=False):
        positions = [_position(point, axis) for point in compress(epoch, counted)]
        values = [point.metrics[split][metric] for point in epoch]
        known = [position for position in positions if position is not None]
        if known and len(known) == len(positions) and all(map(math.isfinite, values)):
            points.append(MeanPoint(fmean(known), fmean(values), _deviation(values)))
    return points


def _position(point: CurvePoint, axis: Axis) -> float | None:
    if axis == "epochs":
        return point.epoch
    return point.tokens if axis == "tokens" else point.seconds


def _deviation(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
