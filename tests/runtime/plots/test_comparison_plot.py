"""The plot of a comparison."""

from __future__ import annotations

import struct

from tests.core.comparisons.records import seeds
from zoo_core.comparisons.comparison import compare_runs
from zoo_core.runtime.plots.comparison_plot import comparison_plot


def width(png: bytes) -> int:
    """Returns the width of a PNG."""
    return int(struct.unpack(">I", png[16:20])[0])


def test_a_panel_over_seconds_is_drawn_where_times_compare() -> None:
    runs = [*seeds([1.0, 1.1, 1.2]), *seeds([2.0, 2.1], "lstm")]
    without = comparison_plot(compare_runs(runs))
    timed = comparison_plot(compare_runs(runs, target=1.5, timed=[run.folder for run in runs]))
    assert 2 * width(without) == width(timed)


def test_many_curves_that_end_together_have_a_plot() -> None:
    runs = [run for number in range(14) for run in seeds([1.0, 1.1], f"model-{number}")]
    assert width(comparison_plot(compare_runs(runs))) > 0


def test_a_dollar_in_a_label_is_no_formula() -> None:
    runs = [run for name in ("$\\frac$", "lstm") for run in seeds([1.0, 1.1], name)]
    assert width(comparison_plot(compare_runs(runs))) > 0


def test_runs_without_a_history_have_an_empty_plot() -> None:
    runs = seeds([1.0])
    assert width(comparison_plot(compare_runs(runs, metric="accuracy"))) > 0
