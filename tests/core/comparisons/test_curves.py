"""Curves of a comparison: the mean over the seeds at the end of each epoch."""

from __future__ import annotations

from dataclasses import replace

from tests.core.comparisons.records import record
from zoo_core.comparisons.comparison import compare_runs
from zoo_core.comparisons.curves import MeanPoint, curve


def test_seconds_are_those_of_the_runs_whose_times_compare() -> None:
    runs = [record([3.0, 1.0 + seed], seed=seed) for seed in range(3)]
    runs[0] = replace(
        runs[0],
        curve=tuple(point._replace(seconds=1000.0) for point in runs[0].curve),
        training_seconds=1000.0,
    )
    comparison = compare_runs(runs, timed=[run.folder for run in runs[1:]])
    (row,) = comparison.rows
    assert row.seconds == 4.0
    assert curve(comparison, row, "seconds") == [
        MeanPoint(2.0, 3.0, 0.0),
        MeanPoint(4.0, 2.0, 1.0),
    ]
    assert [point.x for point in curve(comparison, row, "tokens")] == [100, 200]


def test_without_times_that_compare_there_is_no_curve_over_seconds() -> None:
    comparison = compare_runs([record([3.0, 1.0], seed=seed) for seed in range(2)])
    assert curve(comparison, comparison.rows[0], "seconds") == []
