"""The picture of an attention: a square for each pair of symbols."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal, TypeAlias

from zoo_core.errors import MisfitError
from zoo_core.escaping import one_line
from zoo_core.runtime.plots.palette import SHADES

PictureFormat: TypeAlias = Literal["png", "svg"]
INCHES = 0.42
"""The side of a square."""
MAX_NUMBERS = 20
"""Symbols of a source from which the squares have no numbers in them."""
MAX_SYMBOLS = 200
"""Symbols of a source or a target that a picture has room for: 84 inches."""
DARK = 0.6
"""The weight from which a number is white on its square."""


def attention_plot(
    source: Sequence[str],
    target: Sequence[str],
    weights: Sequence[Sequence[float]],
    *,
    title: str,
    format: PictureFormat = "png",
) -> bytes:
    """Returns a picture with the source from left to right and the target from top to bottom.

    The same arguments give the same bytes.

    Args:
        source: The S symbols of the source.
        target: The T symbols of the target.
        weights: The weights from 0 to 1, T rows of S.
        title: The title of the picture.
        format: ``png`` or ``svg``.

    Raises:
        MisfitError: The source or the target has more than ``MAX_SYMBOLS`` symbols.
    """
    for name, symbols in {"source": source, "target": target}.items():
        if len(symbols) > MAX_SYMBOLS:
            raise MisfitError(
                f"the {name} has {len(symbols):,} symbols, a picture of the attention at most "
                f"{MAX_SYMBOLS}; give a shorter text, or leave out --picture"
            )
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    longest = max(map(len, [*source, *target]))
    size = (INCHES * len(source) + 2 + longest / 12, INCHES * len(target) + 1.4 + longest / 12)
    with mpl.rc_context({"svg.hashsalt": "zoo", "svg.fonttype": "none"}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        shades = LinearSegmentedColormap.from_list("shades", SHADES)
        axes.imshow(weights, cmap=shades, vmin=0, vmax=1, aspect="equal")
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(source)), [_plain(text) for text in source], rotation=90)
        axes.set_yticks(range(len(target)), [_plain(text) for text in target])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(title.replace("$", r"\$"))
        if len(source) <= MAX_NUMBERS:
            for row, numbers in enumerate(weights):
                for column, weight in enumerate(numbers):
                    color = "white" if weight > DARK else "#555555"
                    text = f"{weight:.2f}".removeprefix("0") if weight < 1 else "1"
                    if weight >= 0.005:
                        axes.text(column, row, text, ha="center", va="center", color=color, size=7)
        file = io.BytesIO()
        metadata = {"Software": None} if format == "png" else {"Date": None}
        figure.savefig(file, format=format, dpi=150, metadata=metadata)
    return file.getvalue()


def _plain(text: str) -> str:
    """Returns a text in which a dollar sign begins no formula, with marks for white space.

    Control characters, which SVG must not hold, are escaped.
    """
    visible = text.replace("\n", "↵").replace("\t", "⇥").replace(" ", "␣")
    return one_line(visible).replace("$", r"\$")
