"""Picture of a matrix: a square for each model and dataset, darker where the metric is better."""

from __future__ import annotations

import io
from typing import Any, Literal, final

from zoo_core.comparisons.matrix import MISSING, Matrix, Spread
from zoo_core.runtime.plots.palette import GREY, SHADES

CELL = 0.54
"""Width of a cell in inches, so that a picture of seven columns fits the screen of a telephone."""
LINE = 0.25
"""Height of a number in inches."""
LETTER = 0.078
"""Width of a letter of a label in inches."""
LABEL_SIZE, NUMBER_SIZE, SPREAD_SIZE = 8.5, 9.5, 6.5
"""Sizes of the text in points."""
MIN_SHOWN = 0.005
"""The least standard deviation that is shown."""
DARK = 0.7
"""The shade from which on the numbers are white."""


def matrix_plot(matrix: Matrix, form: Literal["png", "svg"]) -> bytes:
    """Returns a picture of a matrix.

    A cell has a line for each split: the mean over the seeds, and in small the standard deviation
    where it is not 0.

    Args:
        matrix: The matrix.
        form: The format of the picture.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [_broken(row) for row in matrix.rows]
    columns = [_broken(column) for column in matrix.columns]
    left = LETTER * max(len(line) for row in rows for line in row.split("\n")) + 0.15
    top = 0.75 * LETTER * max(len(line) for name in columns for line in name.split("\n")) + 0.15
    bottom = 0.42
    width = left + CELL * len(columns) + 0.3
    height = top + LINE * len(matrix.splits) * len(rows) + bottom
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("none")
    FigureCanvasAgg(figure)
    axes = figure.add_axes(
        (left / width, bottom / height, CELL * len(columns) / width, 1 - (top + bottom) / height)
    )
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    scale = _Scale(matrix)
    for x, column in enumerate(matrix.columns):
        for y, row in enumerate(matrix.rows):
            for line, split in enumerate(matrix.splits):
                spread = matrix.spread(row, column, split)
                _draw(axes, x, y, (line, len(matrix.splits)), spread, scale)
    _label(axes, rows, columns)
    note = f"{matrix.metric.replace('_', ' ')}: {', below '.join(matrix.splits)}"
    figure.text(0.02, 0.1 / height, f"{note}; small: ± over seeds", fontsize=LABEL_SIZE - 1)
    file = io.BytesIO()
    metadata: dict[str, Any] = {"Software": None} if form == "png" else {"Date": None}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "zoo"}):
        figure.savefig(file, format=form, dpi=160, metadata=metadata, facecolor="white")
    return file.getvalue()


@final
class _Scale:
    """Shades of the values of a matrix, from 0 for the worst to 1 for the best.

    Shares from 0 to 1 keep their own scale, so that an accuracy of 0.5 is a middle shade whatever
    the others are.
    """

    def __init__(self, matrix: Matrix) -> None:
        means = [spread.mean for cell in matrix.cells.values() for spread in cell.spreads.values()]
        is_share = matrix.higher_is_better and min(means) >= 0 and max(means) <= 1
        self.low, self.high = (0.0, 1.0) if is_share else (min(means), max(means))
        self.higher_is_better = matrix.higher_is_better
        self.decimals = 2 if max(map(abs, means)) < 10 else 0

    def text(self, value: float) -> str:
        """Returns a value as text, a fraction without its zero before the point."""
        text = f"{value:.{self.decimals}f}"
        return text[1:] if text.startswith("0.") else text

    def shade(self, value: float) -> float:
        """Returns the shade of a value."""
        if self.high == self.low:
            return 1.0
        share = (value - self.low) / (self.high - self.low)
        return share if self.higher_is_better else 1 - share


def _draw(
    axes: Any, x: int, y: int, place: tuple[int, int], spread: Spread | None, scale: _Scale
) -> None:
    """Draws the number of a split: the line of the cell, and how many lines it has."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    line, lines = place
    colours = LinearSegmentedColormap.from_list("shades", SHADES)
    shade = 0.0 if spread is None else scale.shade(spread.mean)
    low = y + line / lines
    axes.add_patch(Rectangle((x, low), 1, 1 / lines, facecolor=colours(shade), linewidth=0))
    if line == 0:
        outline: dict[str, Any] = {
            "fill": False,
            "edgecolor": GREY,
            "linewidth": 0.6,
            "zorder": 3,
            "clip_on": False,
        }
        axes.add_patch(Rectangle((x, y), 1, 1, **outline))
    colour = "white" if shade >= DARK else "black"
    middle = low + 0.5 / lines
    text = MISSING if spread is None else scale.text(spread.mean)
    has_spread = spread is not None and (spread.deviation or 0) >= MIN_SHOWN
    at = 0.3 if has_spread else 0.5
    axes.text(x + at, middle, text, ha="center", va="center", color=colour, fontsize=NUMBER_SIZE)
    if has_spread:
        assert spread is not None
        small = f"±{scale.text(spread.deviation or 0.0)}"
        axes.text(
            x + 0.75, middle, small, ha="center", va="center", color=colour, fontsize=SPREAD_SIZE
        )


def _label(axes: Any, rows: list[str], columns: list[str]) -> None:
    font: dict[str, Any] = {"fontsize": LABEL_SIZE, "parse_math": False}  # $ is no formula
    axes.xaxis.tick_top()
    axes.set_xticks(
        [x + 0.5 for x in range(len(columns))],
        columns,
        rotation=45,
        ha="left",
        rotation_mode="anchor",
        **font,
    )
    axes.set_yticks([y + 0.5 for y in range(len(rows))], rows, **font)
    axes.tick_params(length=0, pad=3)
    for side in axes.spines.values():
        side.set_visible(False)


def _broken(label: str) -> str:
    """Returns a label whose settings stand below the name."""
    return label.replace(" ", "\n").replace("=", "\n= ")
