"""Views of an inspection: coloured text with guesses under it, a column, a table of units."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, NamedTuple, final

from zoo_cli.terminal.output import Paint, cell_width, echo, print_painted, print_table, shorten
from zoo_core.escaping import one_line

if TYPE_CHECKING:
    from zoo_core.runtime.inspection.inspection import Guess, Inspection, Symbol

BLACK, WHITE = 16, 231
POSITIVE = (255, 230, 222, 215, 208, 202)
"""White to orange, in the palette of 256 colours."""
NEGATIVE = (255, 153, 117, 75, 39, 33)
"""White to blue; orange and blue differ for colour-blind people too."""
UNKNOWN = Paint(WHITE, 240)
"""A symbol that the model does not know: white on grey."""
MAX_LABEL = 14
"""Columns that a guess may take."""
GUESS_ROWS = 5


@final
class Shown(NamedTuple):
    """What is shown of an inspection: one number for each symbol.

    Args:
        title: What the number is, such as ``hidden 17``.
        values: The numbers; NaN for a symbol without one.
    """

    title: str
    values: Sequence[float]

    @property
    def largest(self) -> float:
        """The largest number without its sign, at which the colours are full."""
        return max((abs(value) for value in self.values if not math.isnan(value)), default=0.0)


def print_column(inspection: Inspection, shown: Shown) -> None:
    """Prints a line for each symbol, without colours: value, surprise and guesses."""
    rows = [["symbol", shown.title, "surprise", inspection.predicts]]
    for symbol, value in zip(inspection.symbols, shown.values, strict=True):
        guesses = "  ".join(_guess(guess) for guess in symbol.guesses)
        number = _signed(value) if symbol.known else "unknown"
        rows.append([_visible(symbol.text), number, _nats(symbol), guesses])
    print_table(rows)


def print_blocks(inspection: Inspection, shown: Shown) -> None:
    """Prints the symbols in colours with what belongs to each under it, then the text itself."""
    labels = ["", shown.title, "surprise", inspection.predicts, *[""] * (GUESS_ROWS - 1)]
    indent = max(map(cell_width, labels)) + 1
    columns = [
        [_visible(symbol.text), _signed(value), _nats(symbol), *map(_guess, symbol.guesses)]
        for symbol, value in zip(inspection.symbols, shown.values, strict=True)
    ]
    widest = max(cell_width(cell) for column in columns for cell in column)
    count = max((get_terminal_size().columns - indent) // (widest + 1), 1)
    paints = [
        _paint(symbol, value, shown.largest)
        for symbol, value in zip(inspection.symbols, shown.values, strict=True)
    ]
    for start in range(0, len(columns), count):
        block = columns[start : start + count]
        for row in range(max(map(len, block))):
            pieces: list[tuple[str, Paint | None]] = [(_pad(labels[row], indent), None)]
            for column, paint in zip(block, paints[start : start + count], strict=True):
                cell = column[row] if row < len(column) else ""
                pieces.append((_pad(cell, widest), paint if row == 0 else None))
                pieces.append((" ", None))
            print_painted(pieces)
        echo()
    for line in _lines(inspection.symbols, paints):
        print_painted(line)
    echo()
    print_painted(_legend(shown))
    if not all(symbol.known for symbol in inspection.symbols):
        print_painted([("  ", UNKNOWN), (" unknown to the model, skipped", None)])


def print_units(inspection: Inspection) -> None:
    """Prints a table of the units that follow each probe most closely."""
    rows = [["probe", "layer", "gate", "unit", "correlation"]]
    previous = ""
    for row in inspection.correlations:
        probe = "" if row.probe == previous else row.probe
        unit = inspection.signal(row.name, row.layer).label(row.unit)
        rows.append([probe, str(row.layer), row.name, unit, f"{row.correlation:+.2f}"])
        previous = row.probe
    print_table(rows)


def _paint(symbol: Symbol, value: float, largest: float) -> Paint | None:
    if not symbol.known:
        return UNKNOWN
    if math.isnan(value):
        return None
    scale = POSITIVE if value >= 0 else NEGATIVE
    level = round(abs(value) / largest * (len(scale) - 1)) if largest else 0
    return Paint(BLACK, scale[level])


def _legend(shown: Shown) -> list[tuple[str, Paint | None]]:
    """Returns the scale of the colours with its ends."""
    lowest = min((value for value in shown.values if not math.isnan(value)), default=0.0)
    colors = [*reversed(NEGATIVE[1:])] if lowest < 0 else []
    start = _signed(-shown.largest) if colors else "0"
    scale = [("  ", Paint(BLACK, color)) for color in (*colors, *POSITIVE)]
    return [(f"{shown.title}: {start} ", None), *scale, (f" {_signed(shown.largest)}", None)]


def _lines(
    symbols: Sequence[Symbol], paints: Sequence[Paint | None]
) -> Iterator[list[tuple[str, Paint | None]]]:
    """Yields the lines of the text; a line end is a coloured mark at the end of its line."""
    line: list[tuple[str, Paint | None]] = []
    for symbol, paint in zip(symbols, paints, strict=True):
        line.append((symbol.text.replace("\n", "↵").replace("\t", "⇥   "), paint))
        if "\n" in symbol.text:
            yield line
            line = []
    if line:
        yield line


def _visible(text: str) -> str:
    """Returns a symbol in one line, with marks for blanks and for what has no width."""
    line = one_line(text.replace("\n", "↵").replace("\t", "⇥")).replace(" ", "␣")
    return line if cell_width(line) else f"◌{line}"


def _guess(guess: Guess) -> str:
    label = shorten(_visible(guess.text), MAX_LABEL)
    return f"{label} {guess.probability:.2f}".replace(" 0.", " .")


def _signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.2f}"


def _nats(symbol: Symbol) -> str:
    return "" if symbol.surprise is None else f"{symbol.surprise:.2f}"


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_width(text))
