"""The picture of a reproduction: a forest plot, published ranges as bars, our figures as dots."""

from __future__ import annotations

import io
from typing import Any

from zoo_core.recipes.reproduction import ReproductionResult

COLOURS = {"reproduced": "#2e7d4f", "better": "#2460a7", "missed": "#c0392b"}
RANGE = "#d5d8dc"


def forest(rows: list[ReproductionResult]) -> bytes:
    """A PNG: a panel for each metric and split, a line for each recipe.

    Args:
        rows: Those without a published figure or without one of ours are left out.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = [row for row in rows if row.published and row.ours is not None]
    panels: dict[tuple[str, str], list[ReproductionResult]] = {}
    for row in drawn:
        panels.setdefault((row.metric, row.split), []).append(row)
    heights = [len(each) + 1.6 for each in panels.values()] or [1.0]
    figure = Figure(figsize=(9, 0.27 * sum(heights) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    every: Any = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
    for axes, ((metric, split), listed) in zip(every[:, 0], panels.items(), strict=False):
        _panel(axes, listed)
        axes.set_title(f"{metric.replace('_', ' ')}, {split}", loc="left", fontsize=10)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, metadata={"Software": None})
    return file.getvalue()


def _panel(axes: Any, rows: list[ReproductionResult]) -> None:
    for line, row in enumerate(reversed(rows)):
        assert row.published is not None, "rows without are left out"
        low, high = row.published["low"], row.published["high"]
        axes.plot([low, high], [line, line], color=RANGE, linewidth=9, solid_capstyle="butt")
        axes.plot([low, low], [line - 0.3, line + 0.3], color="#8a8f96", linewidth=1)
        axes.plot([high, high], [line - 0.3, line + 0.3], color="#8a8f96", linewidth=1)
        axes.plot([row.measured], [line], "o", color=COLOURS[row.verdict], markersize=6)
    axes.set_yticks(range(len(rows)), [row.recipe for row in reversed(rows)], fontsize=8)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.margins(x=0.08)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)


def _legend() -> list[Any]:
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=f"ours: {verdict}")
        for verdict, colour in COLOURS.items()
    ]
    return [Line2D([], [], color=RANGE, linewidth=9, label="published"), *dots]
