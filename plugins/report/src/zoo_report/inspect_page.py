"""The page of ``zoo inspect --html``: a text coloured by one unit, with a slider over units."""

from __future__ import annotations

import base64
import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from zoo_core.errors import RefusedError
from zoo_core.escaping import printable
from zoo_report.page import asset, render

if TYPE_CHECKING:
    from zoo_core.runtime.inspection.inspection import Inspection, Signal, Symbol

MAX_VALUES = 12_000_000
"""Activations of a page, a byte each."""
LEVELS = 127
"""Steps between 0 and the largest activation of a signal."""
NOTHING = -128
"""Stands for no activation, where the model did not know the symbol."""
MAX_SURPRISE = 8.0
"""Nats from which on a surprise has the strongest colour; one symbol of 3,000 by chance has it."""
STRONGEST = 0.85
"""Opacity of the strongest colour, on which the text is still read."""
MARKS = {"\n": "↵\n", "\r": "␍", "\t": "⇥\t"}
"""How characters are shown that would not be seen."""


@final
class ShownSymbol(NamedTuple):
    """A symbol of the text, coloured.

    Args:
        text: What is shown of it.
        style: The class of its colour: ``pos``, ``neg`` or ``unknown``.
        opacity: The opacity of its colour.
    """

    text: str
    style: str
    opacity: str


def inspect_page(inspection: Inspection, *, signal: int = 0, unit: int = 0) -> str:
    """Returns an inspection as one HTML page.

    Args:
        inspection: The inspection.
        signal: The number of the signal to show first.
        unit: The number of the unit to show first.

    Raises:
        RefusedError: It holds more activations than a page takes.
    """
    size = sum(one.values.size for one in inspection.signals)
    if size > MAX_VALUES:
        raise RefusedError(
            f"the page would hold {size:,} activations, and {MAX_VALUES:,} are the most: "
            "choose a shorter text, or one --layer and --gate"
        )
    first = inspection.signals[signal]
    return render(
        "inspection.html",
        scripts=[asset("inspection.js")],
        data=_data(inspection, signal, unit),
        title=f"{inspection.model}, unit by unit",
        inspection=inspection,
        first=signal,
        unit=unit,
        units=first.units,
        symbols=_shown_symbols(inspection, first, unit),
        names=[_name(one, inspection) for one in inspection.signals],
        version=version("zoo-report"),
    )


def _name(signal: Signal, inspection: Inspection) -> str:
    kind = "gate" if signal.is_gate else "state"
    layers = {one.layer for one in inspection.signals}
    layer = f"layer {signal.layer}, " if len(layers) > 1 else ""
    return f"{layer}{signal.name} {kind}"


def _shown_symbols(inspection: Inspection, signal: Signal, unit: int) -> list[ShownSymbol]:
    """Returns the symbols in the colours of a unit, as they are before any script runs."""
    scale = _scale(signal)
    shown = []
    for symbol, value in zip(inspection.symbols, signal.unit(unit).tolist(), strict=True):
        if math.isnan(value):
            shown.append(ShownSymbol(show_symbol(symbol.text), "unknown", "0"))
            continue
        style = "pos" if value >= 0 else "neg"
        opacity = STRONGEST * abs(value) / scale
        shown.append(ShownSymbol(show_symbol(symbol.text), style, f"{opacity:.2f}"))
    return shown


def show_symbol(text: str) -> str:
    """Returns a symbol with marks in the place of characters that would not be seen."""
    return "".join(MARKS.get(char) or printable(char) for char in text)


def _scale(signal: Signal) -> float:
    """Returns the activation of the strongest colour: at least 1, which most cells never exceed."""
    return max(1.0, float(np.nanmax(np.abs(signal.values), initial=0.0)))


def _data(inspection: Inspection, signal: int, unit: int) -> dict[str, Any]:
    return {
        "signal": signal,
        "unit": unit,
        "count": len(inspection.symbols),
        "strongest": STRONGEST,
        "levels": LEVELS,
        "maxSurprise": MAX_SURPRISE,
        "symbols": [_symbol_data(symbol) for symbol in inspection.symbols],
        "signals": [
            {
                "layer": one.layer,
                "key": one.name,
                "units": one.units,
                "scale": _scale(one),
                "values": _encode(one),
            }
            for one in inspection.signals
        ],
    }


def _symbol_data(symbol: Symbol) -> list[Any]:
    guesses = [
        [show_symbol(guess.text).strip("\n"), round(guess.probability, 4)]
        for guess in symbol.guesses
    ]
    surprise = None if symbol.surprise is None else round(symbol.surprise, 3)
    return [surprise, guesses]


def _encode(signal: Signal) -> str:
    """Returns the activations as bytes in base64, one unit after the other."""
    levels = np.round(signal.values / _scale(signal) * LEVELS)
    values = np.where(np.isnan(levels), NOTHING, levels).astype(np.int8)
    return base64.b64encode(values.T.tobytes()).decode()
