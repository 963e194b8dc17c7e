"""Plot of a comparison: the metric over tokens and over seconds, with bands over the seeds."""

from __future__ import annotations

import io
from typing import Any

from zoo_core.comparisons.comparison import Comparison
from zoo_core.comparisons.curves import Axis, MeanPoint, axis_of, curve
from zoo_core.runtime.plots.axes import fraction_limits
from zoo_core.runtime.plots.palette import COLOURS, GREY
from zoo_core.runtime.plots.training_curve import needs_logarithm

STYLES = ("-", "--", ":", "-.")
"""Styles of the lines; each round through the colours has its own."""
LABEL_HEIGHT = 0.045
"""The height of a label as a share of the axis."""
TEXT_SHADE = 0.75
"""How bright a label is against its line, so that it can be read on white."""
MIN_SEPARATED = 1000
"""Axes that reach as far have thousands separators."""
AXIS_LABELS = {
    "tokens": "tokens (targets predicted)",
    "seconds": "seconds of training",
    "epochs": "epoch",
}


def comparison_plot(comparison: Comparison) -> bytes:
    """Returns a PNG with a panel over tokens and, where times compare, one over seconds.

    A line is the mean over the seeds, and its band one sample standard deviation to both sides. The
    name of a row stands at the end of its line.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels: list[Axis] = [axis_of(comparison)]
    if comparison.has_times:
        panels.append("seconds")
    figure = Figure(figsize=(7.5 * len(panels), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    seeds = {row.seeds for row in comparison.rows}
    number = len(next(iter(seeds)))
    count = f", {number} seed{'' if number == 1 else 's'}" if len(seeds) == 1 else ""
    figure.suptitle(f"{comparison.dataset}{count}", fontsize=12)
    for position, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(1, len(panels), position), comparison, panel)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, metadata={"Software": None})
    return file.getvalue()


def _draw(axes: Any, comparison: Comparison, panel: Axis) -> None:
    curves = {
        row.label: points for row in comparison.rows if (points := curve(comparison, row, panel))
    }
    values = [point.mean for points in curves.values() for point in points]
    axes.set_xlabel(AXIS_LABELS[panel])
    axes.set_ylabel(f"{comparison.split} {comparison.metric.replace('_', ' ')}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    colours = {}
    for number, (label, points) in enumerate(curves.items()):
        colours[label] = COLOURS[number % len(COLOURS)]
        style = STYLES[number // len(COLOURS) % len(STYLES)]
        _draw_curve(axes, points, colours[label], style)
    if comparison.metric == "accuracy":
        axes.set_ylim(*fraction_limits(values))
    elif needs_logarithm(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlim(left=0)
    if axes.get_xlim()[1] >= MIN_SEPARATED:
        axes.xaxis.set_major_formatter("{x:,.0f}")
    if comparison.target is not None:
        axes.axhline(comparison.target, color=GREY, linewidth=1, linestyle=":")
    _label(axes, {label: points[-1] for label, points in curves.items()}, colours)


def _draw_curve(axes: Any, points: list[MeanPoint], colour: str, style: str) -> None:
    xs = [point.x for point in points]
    low = [point.mean - point.deviation for point in points]
    high = [point.mean + point.deviation for point in points]
    marker = "o" if len(points) == 1 else None
    axes.plot(xs, [point.mean for point in points], style, color=colour, marker=marker)
    axes.fill_between(xs, low, high, color=colour, alpha=0.18, linewidth=0)


def _label(axes: Any, ends: dict[str, MeanPoint], colours: dict[str, str]) -> None:
    """Writes the names at the right of the axes, as near to the ends of the lines as they fit."""
    from matplotlib.colors import to_rgb

    axes.get_ylim()  # settles the limits, which the transform takes as they are
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = {label: to_axes.transform((point.x, point.mean))[1] for label, point in ends.items()}
    order = sorted(heights, key=lambda label: heights[label])
    placed: list[float] = []
    for label in order:
        placed.append(max(heights[label], placed[-1] + LABEL_HEIGHT if placed else 0.0))
    surplus = max(placed[-1] - 1.0, 0.0) if placed else 0.0
    for position in reversed(range(len(placed))):
        limit = placed[position + 1] - LABEL_HEIGHT if position + 1 < len(placed) else 1.0
        placed[position] = min(placed[position], limit) if surplus else placed[position]
    for label, height in zip(order, placed, strict=True):
        axes.annotate(
            label,
            xy=(ends[label].x, ends[label].mean),
            xytext=(1.02, height),
            textcoords="axes fraction",
            color=tuple(TEXT_SHADE * part for part in to_rgb(colours[label])),
            fontsize=9,
            parse_math=False,  # $ in the value of a setting is no formula
            va="center",
            arrowprops={
                "arrowstyle": "-",
                "color": colours[label],
                "alpha": 0.35,
                "linewidth": 0.8,
                "relpos": (0, 0.5),
            },
        )
