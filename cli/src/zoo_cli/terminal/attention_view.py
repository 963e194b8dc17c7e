"""The view of an attention: a line for each symbol that a model wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_cli.terminal.output import print_table, shorten
from zoo_core.escaping import one_line

if TYPE_CHECKING:
    from zoo_core.runtime.inspection.attention import AttentionMap

MAX_SHOWN = 3
"""The symbols of the source that a line names."""
MIN_WEIGHT = 0.01
"""The least weight of a symbol that a line names."""
MAX_CELLS = 16
"""Columns that a symbol may take."""


def print_attention(shown: AttentionMap) -> None:
    """Prints each symbol that was written, with the symbols of the source that it looks at."""
    rows = [["symbol", "looks at"]]
    for symbol, weights in zip(shown.target, shown.weights, strict=True):
        order = sorted(range(len(weights)), key=lambda place: -weights[place])
        strongest = [place for place in order[:MAX_SHOWN] if weights[place] >= MIN_WEIGHT]
        named = [
            f"{_visible(shown.source[place])} {f'{weights[place]:.2f}'.removeprefix('0')}"
            for place in strongest
        ]
        rows.append([_visible(symbol), "  ".join(named)])
    print_table(rows)


def _visible(text: str) -> str:
    return shorten(one_line(text).replace(" ", "␣"), MAX_CELLS)
