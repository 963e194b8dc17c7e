"""Forest plot of a reproduction: published ranges as bars, measured values as marks.

Colour and shape of a mark say the verdict; a line through it is the standard deviation over seeds.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple, final

from zoo_core.recipes.reproduction import ReproductionResult
from zoo_core.runtime.plots.palette import BLUE, GREEN, GREY, ORANGE, PALE

MARKS = {"reproduced": (GREEN, "o"), "better": (BLUE, "D"), "missed": (ORANGE, "X")}
"""Colour and shape by verdict."""
SCALE_RATIO = 10
"""How many times as large one value of an axis may be as its first."""


def forest_plot(results: list[ReproductionResult]) -> bytes:
    """Returns a PNG with a panel for each metric and split and a line for each recipe.

    Values that differ ``SCALE_RATIO`` times, such as losses in different units, have panels of
    their own. Recipes that meet the same figure exactly, such as an accuracy of 1, share a line.

    Args:
        results: Results of recipes; those without a published or a measured value are left out.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [_lines(panel) for panel in _panels(results)]
    heights = [len(panel) + 1.6 for panel in panels] or [1.0]
    figure = Figure(figsize=(9, 0.27 * sum(heights) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    grid: Any = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
    for axes, panel in zip(grid[:, 0], panels, strict=False):
        _draw_panel(axes, panel)
        metric, split = panel[0].result.metric, panel[0].result.split
        if metric == "accuracy":
            low, high = axes.get_xlim()
            axes.set_xlim(max(low, 0.0), min(high, 1.0))
        axes.set_title(f"{metric.replace('_', ' ')}, {split}", loc="left", fontsize=10)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, metadata={"Software": None})
    return file.getvalue()


def _panels(results: list[ReproductionResult]) -> list[list[ReproductionResult]]:
    """Returns the results that share an axis, in the order of the first of each."""
    panels: list[list[ReproductionResult]] = []
    for result in results:
        if not result.published or result.measured is None:
            continue
        for panel in panels:
            first = panel[0]
            if (first.metric, first.split) == (result.metric, result.split):
                assert first.measured is not None, "results without a value are left out"
                small, large = sorted((abs(first.measured), abs(result.measured)))
                if large <= SCALE_RATIO * small:
                    panel.append(result)
                    break
        else:
            panels.append([result])
    return panels


@final
class _Line(NamedTuple):
    """A line of a panel.

    Args:
        label: The recipe; of several, the first one and how many more there are.
        result: Its result, which is that of the others too.
    """

    label: str
    result: ReproductionResult


def _lines(panel: list[ReproductionResult]) -> list[_Line]:
    """Returns the lines of a panel, in the order of their first results."""
    together: dict[object, list[ReproductionResult]] = {}
    for result in panel:
        assert result.published is not None, "results without a published value are left out"
        limits = {result.published["low"], result.published["high"]}
        meets_figure = limits == {result.measured} and result.spread is None
        together.setdefault(result.measured if meets_figure else result.recipe, []).append(result)
    return [
        _Line(first.recipe + (f" and {len(others)} more" if others else ""), first)
        for first, *others in together.values()
    ]


def _draw_panel(axes: Any, lines: list[_Line]) -> None:
    """Draws lines from top to bottom; matplotlib counts them from the bottom."""
    for line, (_, result) in enumerate(reversed(lines)):
        assert result.published is not None, "results without a published value are left out"
        low, high = result.published["low"], result.published["high"]
        axes.plot([low, high], [line, line], color=PALE, linewidth=9, solid_capstyle="butt")
        for limit in (low, high):
            axes.plot([limit, limit], [line - 0.3, line + 0.3], color=GREY, linewidth=1)
        colour, shape = MARKS[result.verdict]
        if result.spread and result.measured is not None:
            ends = [result.measured - result.spread, result.measured + result.spread]
            axes.plot(ends, [line, line], color=colour, linewidth=1.5)
        axes.plot(
            [result.measured],
            [line],
            shape,
            color=colour,
            markersize=6,
            clip_on=False,
        )
    axes.set_yticks(range(len(lines)), [line.label for line in reversed(lines)], fontsize=8)
    axes.set_ylim(-0.7, len(lines) - 0.3)
    axes.margins(x=0.08)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)


def _legend() -> list[Any]:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker=shape, linestyle="", color=colour, label=f"ours: {verdict}")
        for verdict, (colour, shape) in MARKS.items()
    ]
    return [Line2D([], [], color=PALE, linewidth=9, label="published"), *marks]
