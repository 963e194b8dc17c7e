"""Curves of a comparison: the mean over the seeds at the end of each epoch."""

from __future__ import annotations

import math
from dataclasses import replace

from tests.core.comparisons.records import record
from zoo_core.comparisons.comparison import compare_runs
from zoo_core.comparisons.curves import MeanPoint, axis_of, curve
from zoo_core.comparisons.text_plot import text_plot


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


def test_a_curve_ends_where_the_shortest_run_does() -> None:
    comparison = compare_runs([record([4.0, 2.0, 1.0]), record([2.0, 1.0], seed=1)])
    points = curve(comparison, comparison.rows[0], axis_of(comparison))
    assert [(point.x, point.mean) for point in points] == [(100, 3.0), (200, 1.5)]
    assert points[1].deviation == 0.5**0.5


def test_one_run_without_its_tokens_makes_all_curves_ones_over_epochs() -> None:
    known, other = record([4.0, 2.0]), record([2.0, 1.0], "lstm")
    unknown = replace(other, curve=tuple(point._replace(tokens=None) for point in other.curve))
    comparison = compare_runs([known, unknown])
    assert axis_of(compare_runs([known, other])) == "tokens"
    assert axis_of(comparison) == "epochs"
    assert [point.x for point in curve(comparison, comparison.rows[0], "epochs")] == [1, 2]
    assert [curve(comparison, row, "tokens") for row in comparison.rows].count([]) == 1


def test_a_point_that_one_run_has_no_place_for_is_left_out() -> None:
    first, second = record([4.0, 2.0]), record([2.0, 1.0], seed=1)
    start, end = second.curve
    second = replace(second, curve=(start._replace(seconds=None), end))
    comparison = compare_runs([first, second], timed=[first.folder, second.folder])
    points = curve(comparison, comparison.rows[0], "seconds")
    assert [(point.x, point.mean) for point in points] == [(4.0, 1.5)]


def test_an_epoch_whose_metric_is_no_finite_number_is_left_out() -> None:
    for value in (math.inf, math.nan):
        comparison = compare_runs([record([value, 2.0, 1.0]), record([4.0, 4.0, 3.0], seed=1)])
        points = curve(comparison, comparison.rows[0], "tokens")
        assert [(point.x, point.mean) for point in points] == [(200, 3.0), (300, 2.0)]
        assert text_plot(comparison, 80)
