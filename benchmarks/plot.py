"""The plot of a report: the speed of every implementation over that of the naive loop."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report import Report
from zoo_core.runtime.plots.palette import BLUE, GREY

PLOTTED_BENCHMARKS = ("training", "generation")
SIZES = {"toy": "toy", "d2l": "d2l, 512 wide", "fastai": "fastai, 256 wide"}
Ratios = Mapping[str, float]
"""By implementation: its speed over that of the naive loop."""


def plot(reports: Sequence[Report]) -> bytes:
    """A PNG with a row of panels per processor, benchmark and size.

    A row has a panel per cell, and a panel a bar per implementation.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows: dict[str, dict[str, Ratios]] = {}
    plotted = [report for report in reports if _rows(report)]
    for report in plotted:
        place = "\n" + " ".join(report.place) if len(plotted) > 1 else ""  # a line of its own
        rows |= {title + place: panels for title, panels in _rows(report).items()}
    names = {title: _implementations(panels) for title, panels in rows.items()}
    heights = [len(bars) + 2 + title.count("\n") for title, bars in names.items()] or [1]
    columns = max(map(len, rows.values()), default=1)
    figure = Figure(figsize=(11, 0.19 * sum(heights) + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    grid: Any = figure.subplots(
        len(heights), columns, squeeze=False, sharex=True, sharey="row", height_ratios=heights
    )
    for line, (title, panels) in zip(grid, rows.items(), strict=False):
        for axes, (cell, ratios) in zip(line, panels.items(), strict=False):
            _draw_bars(axes, names[title], ratios)
            size, *places = title.split("\n")
            if axes is not line[0]:
                places = [" "] * len(places)  # once in a row, and all titles as high
            text = "\n".join([f"{size}: {cell.upper()}", *places])
            axes.set_title(text, loc="left", fontsize=9, fontweight="bold")
    low, high = grid[0, 0].get_xlim()
    grid[0, 0].set_xlim(low, high * 2)  # space for the numbers
    figure.suptitle("Speed over that of the naive loop (the line at 1)", fontsize=11)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=130, metadata={"Software": None})
    return file.getvalue()


def _draw_bars(axes: Any, names: Sequence[str], ratios: Ratios) -> None:
    """Draws bars from 1 to each ratio, the zoo's in blue, with the number at the right edge."""
    for position, name in enumerate(names):
        if name not in ratios:
            continue
        ratio, is_zoo = ratios[name], name.startswith("zoo")
        color = BLUE if is_zoo else GREY
        axes.barh(position, ratio - 1, left=1, height=0.7, color=color)
        axes.text(
            0.99,
            position,
            f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.1f}",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=8,
            fontweight="bold" if is_zoo else "normal",
        )
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.xaxis.set_visible(False)  # the numbers replace it
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)


def _rows(report: Report) -> dict[str, dict[str, Ratios]]:
    """The ratios by benchmark and size, then by cell. The first of a case is the naive loop."""
    rows: dict[str, dict[str, Ratios]] = {}
    for benchmark in PLOTTED_BENCHMARKS:
        for case, (base, *others) in report.cases(benchmark).items():
            size, _, cell = case.partition(" ")
            title = f"{benchmark.capitalize()} {SIZES.get(size, size)}"
            ratios = {row.implementation: row.over(base) for row in others}
            rows.setdefault(title, {})[cell] = ratios
    return rows


def _implementations(panels: Mapping[str, Ratios]) -> list[str]:
    """The implementations of a row of panels, in their order."""
    return list(dict.fromkeys(name for ratios in panels.values() for name in ratios))
