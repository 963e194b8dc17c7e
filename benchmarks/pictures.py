"""The picture of a run: how many times the naive loop each way is, at every size."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from benchmarks.report import Report

DRAWN = ("training", "generation")
SIZES = {"S": "S, a toy", "M": "M, 512 wide", "F": "F, 256 wide"}
OURS, PEERS = "#14508f", "#a9afb7"
Times = Mapping[str, float]
"""By way: how many times the naive loop."""


def picture(report: Report) -> bytes:
    """A PNG: a row of panels for each subject and size, one for each cell, a bar for each way."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = _rows(report)
    ways = {title: list(dict.fromkeys(chain(*cells.values()))) for title, cells in rows.items()}
    heights = [len(each) + 2 for each in ways.values()] or [1]
    columns = max(map(len, rows.values()), default=1)
    figure = Figure(figsize=(11, 0.19 * sum(heights) + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    every: Any = figure.subplots(
        len(heights), columns, squeeze=False, sharex=True, sharey="row", height_ratios=heights
    )
    for line, (title, cells) in zip(every, rows.items(), strict=False):
        for axes, (cell, times) in zip(line, cells.items(), strict=False):
            _bars(axes, ways[title], times)
            axes.set_title(f"{title}: {cell.upper()}", loc="left", fontsize=9, fontweight="bold")
    low, high = every[0, 0].get_xlim()
    every[0, 0].set_xlim(low, high * 2)  # where the numbers stand
    figure.suptitle("How many times the naive loop (the line at 1)", fontsize=11)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=130, metadata={"Software": None})
    return file.getvalue()


def _bars(axes: Any, ways: Sequence[str], times: Times) -> None:
    """From 1 to what a way reaches, the zoo's own in blue; the number at the right edge."""
    for place, (way, value) in enumerate((way, times.get(way)) for way in ways):
        if value is None:
            continue
        ours = way.startswith("zoo")
        axes.barh(place, value - 1, left=1, height=0.7, color=OURS if ours else PEERS)
        axes.text(
            *(0.99, place, f"{value:.2f}" if value < 9.95 else f"{value:.1f}"),
            transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=8,
            fontweight="bold" if ours else "normal",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yticks(range(len(ways)), ways, fontsize=8)
    axes.set_ylim(len(ways) - 0.4, -0.6)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.xaxis.set_visible(False)  # the numbers are there
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)


def _rows(report: Report) -> dict[str, dict[str, Times]]:
    """By subject and size, then by cell; the naive loop is what all are measured in."""
    rows: dict[str, dict[str, Times]] = {}
    for subject in DRAWN:
        for case, (base, *others) in report.cases(subject).items():
            size, _, cell = case.partition(" ")
            title = f"{subject.capitalize()} {SIZES.get(size, size)}"
            rows.setdefault(title, {})[cell] = {each.way: each.over(base) for each in others}
    return rows
