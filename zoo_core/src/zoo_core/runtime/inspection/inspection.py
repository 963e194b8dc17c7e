"""What a model computes and expects at every symbol of a text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import numpy.typing as npt

from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.runtime.inspection.probes import PROBES, Correlation
from zoo_core.runtime.inspection.recording import OUTPUT, SignalName

Activations = npt.NDArray[np.float32]

DIGITS = 4
"""Decimal places of an activation as JSON."""


@final
class Guess(NamedTuple):
    """One of the model's best guesses.

    Args:
        text: The symbol or the label.
        probability: Its probability.
    """

    text: str
    probability: float


@final
class Symbol(NamedTuple):
    """A symbol of the text.

    Args:
        text: The symbol.
        known: Whether the model knows it; one that it does not know was skipped.
        surprise: -ln of the probability that the model gave it after the symbols before it, in
            nats; None if it gave none.
        guesses: The best guesses after this symbol, the likeliest first.
    """

    text: str
    known: bool
    surprise: float | None = None
    guesses: tuple[Guess, ...] = ()


@final
@dataclass(frozen=True, eq=False)
class Signal:
    """What one layer computes at every symbol: a tensor of its state, or a gate.

    Args:
        layer: The number of the layer, from 0.
        name: ``hidden``, ``cell``, ``forget`` and so on.
        is_gate: Whether it is a gate.
        values: The activations after each symbol, (N, units); the rows of symbols without any,
            such as unknown ones, are NaN. The units of a backward direction follow the forward
            ones.
        shape: The axes of the units of one direction, such as (heads, keys, values) of a matrix;
            empty for a vector.
    """

    layer: int
    name: str
    is_gate: bool
    values: Activations
    shape: tuple[int, ...] = ()

    @property
    def units(self) -> int:
        """The number of units."""
        return int(self.values.shape[1])

    def unit(self, number: int) -> Activations:
        """Returns the activations of one unit, (N,).

        Raises:
            ConfigError: There is no such unit.
        """
        if not 0 <= number < self.units:
            raise ConfigError(
                f"unit = {number}: expected 0 to {self.units - 1}, the units of {self.name} in "
                f"layer {self.layer}"
            )
        column: Activations = self.values[:, number]
        return column

    def label(self, number: int) -> str:
        """Returns the number of a unit, with its place if the units are those of a matrix."""
        if not self.shape:
            return str(number)
        place = np.unravel_index(number % math.prod(self.shape), self.shape)
        return f"{number} [{', '.join(str(index) for index in place)}]"

    def mean(self) -> Activations:
        """Returns the mean of all units at each symbol, (N,)."""
        mean: Activations = self.values.mean(axis=1)
        return mean

    def most_varied_unit(self) -> int:
        """Returns the unit with the largest standard deviation over the text."""
        rows = self.values[~np.isnan(self.values).any(axis=1)]
        return int(rows.std(axis=0).argmax()) if len(rows) else 0


@final
@dataclass(frozen=True, repr=False, eq=False)
class Inspection:
    """What a model computes and expects at every symbol of a text.

    Args:
        model: The name of the model.
        predicts: What a guess is: ``next symbol`` or ``label``.
        symbols: The N symbols.
        signals: The states and gates of each layer.
        correlations: The units that follow each probe most closely; empty if not asked for.
    """

    model: str
    predicts: str
    symbols: tuple[Symbol, ...]
    signals: tuple[Signal, ...]
    correlations: tuple[Correlation, ...] = ()

    def __repr__(self) -> str:
        signals = ", ".join(f"{signal.name} {signal.layer}" for signal in self.signals)
        return f"<Inspection of {self.model}: {len(self.symbols):,} symbols; {signals}>"

    def signal(self, name: str = "", layer: int | None = None) -> Signal:
        """Returns a signal by its name and layer.

        Args:
            name: A state or gate; empty for the hidden state.
            layer: The layer, from 0; None for the last one.

        Raises:
            ConfigError: There is no such layer.
            NotFoundError: The layer has no such state or gate.
        """
        signals = {SignalName(one.layer, one.name, one.is_gate): one for one in self.signals}
        return signals[find_signal(signals, name, layer)]

    def to_json(self, signals: Iterable[Signal] | None = None) -> dict[str, Any]:
        """Returns everything as JSON values; activations are rounded to four places.

        Args:
            signals: The signals to include; None for all.
        """
        return {
            "model": self.model,
            "predicts": self.predicts,
            "symbols": [
                symbol._asdict() | {"guesses": [guess._asdict() for guess in symbol.guesses]}
                for symbol in self.symbols
            ],
            "signals": [
                {
                    "layer": signal.layer,
                    "name": signal.name,
                    "kind": "gate" if signal.is_gate else "state",
                    "units": signal.units,
                    "values": [_row(row) for row in signal.values],
                }
                for signal in (self.signals if signals is None else signals)
            ],
            "probes": [{"name": probe.name, "description": probe.description} for probe in PROBES],
            "correlations": [row._asdict() for row in self.correlations],
        }


def _row(values: Activations) -> list[float] | None:
    if np.isnan(values).any():
        return None
    return [round(float(value), DIGITS) for value in values]


def find_signal(signals: Iterable[SignalName], name: str, layer: int | None) -> SignalName:
    """Returns the signal of a name and layer.

    Args:
        signals: All signals.
        name: A state or gate; empty for the hidden state, or the first where there is none.
        layer: The layer, from 0; None for the last one.

    Raises:
        ConfigError: There is no such layer.
        NotFoundError: The layer has no such state or gate.
    """
    layers: dict[int, dict[str, SignalName]] = {}
    for signal in signals:
        layers.setdefault(signal.layer, {})[signal.name] = signal
    layer = max(layers) if layer is None else layer
    if layer not in layers:
        raise ConfigError(f"layer = {layer}: expected 0 to {max(layers)}")
    of_layer = layers[layer]
    if not name:
        return of_layer.get(OUTPUT) or next(iter(of_layer.values()))
    if name not in of_layer:
        raise NotFoundError(f"no gate {name!r} in layer {layer}; there are {', '.join(of_layer)}")
    return of_layer[name]
