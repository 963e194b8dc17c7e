"""Inspection of a model on a text."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor

from zoo_core.data.signature import Classes, Keys, Outputs
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.inspection.inspection import (
    Guess,
    Inspection,
    Signal,
    Symbol,
    find_signal,
)
from zoo_core.runtime.inspection.probes import strongest_correlations
from zoo_core.runtime.inspection.reading import available_signals, read
from zoo_core.runtime.inspection.recording import SignalName, matrix_shapes
from zoo_core.runtime.inspection.text import guess_name, split_text
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.storage.capacity import ensure_free_memory

GUESSES = 5
"""The best guesses that are kept for each symbol."""
BYTES = 4
"""Bytes of an activation."""
LINE_INTERVAL = 5.0
"""Seconds between two lines about the progress of a long text."""

logger = logging.getLogger(__name__)


def inspect_text(
    model: AbstractModel,
    dataset: AbstractDataset,
    text: str,
    *,
    name: str,
    layer: int | None = None,
    gate: str = "",
    gates: bool = True,
    top: int = 0,
) -> Inspection:
    """Returns what a model computes and expects at every symbol of a text.

    Args:
        model: The model, in evaluation mode.
        dataset: Its dataset, which splits the text into symbols.
        text: The text. Symbols that the model does not know are skipped.
        name: The name of the model.
        layer: The layer to keep; None for all.
        gate: The state or gate to keep; empty for all.
        gates: Whether to keep gates beside the states, if ``gate`` names none.
        top: How many units to rank for each probe, by their states or by ``gate``.

    Raises:
        ConfigError: There is no such layer.
        DataError: The text has no symbol that the model knows, or fewer than its window.
        DeviceError: The activations do not fit into the free memory.
        MisfitError: The model has no recurrent state, or reads no text.
        NotFoundError: There is no such state or gate.
    """
    pieces = split_text(dataset, model.signature, text)
    known = [index for index, piece in enumerate(pieces) if piece.token is not None]
    tokens = torch.tensor([pieces[index].token for index in known])
    units = _choose(available_signals(model, tokens), layer, gate, gates=gates)
    size = BYTES * len(pieces) * sum(units.values())
    ensure_free_memory(2 * size, "the activations", "give a shorter text, or one layer and gate")
    values = {
        signal: np.full((len(pieces), width), np.nan, np.float32) for signal, width in units.items()
    }
    symbols = [Symbol(piece.text, piece.token is not None) for piece in pieces]
    name_of = cache(lambda number: guess_name(dataset, model.signature, number))
    outputs = model.signature.outputs
    predicts_symbols = outputs.next_token and isinstance(outputs, Classes)
    surprises: dict[int, float] = {}
    last_line = time.monotonic()
    for reading in read(model, tokens, units.__contains__):
        if time.monotonic() - last_line >= LINE_INTERVAL:
            last_line = time.monotonic()
            logger.info("read %d of %d symbols", reading.start, len(tokens))
        places = known[reading.start : reading.start + len(reading.logits)]
        for signal, rows in reading.values.items():
            values[signal][places] = rows.numpy()
        log_probabilities = _log_probabilities(reading.logits.double(), outputs)
        for place, guesses in zip(places, _guesses(log_probabilities, name_of), strict=True):
            symbols[place] = symbols[place]._replace(guesses=guesses)
        if predicts_symbols:
            following = tokens[reading.start + 1 : reading.start + 1 + len(places)]
            rows = torch.arange(len(following))
            found = -log_probabilities[rows, following]
            surprises |= zip(known[reading.start + 1 :], found.tolist(), strict=False)
    for place, surprise in surprises.items():
        symbols[place] = symbols[place]._replace(surprise=surprise)
    ranked = {signal: rows for signal, rows in values.items() if gate or not signal.is_gate}
    texts = [piece.text for piece in pieces]
    shapes = matrix_shapes(model)
    return Inspection(
        name,
        "next symbol" if predicts_symbols else "label",
        tuple(symbols),
        tuple(Signal(*signal, rows, shapes.get(signal, ())) for signal, rows in values.items()),
        tuple(strongest_correlations(ranked, texts, top)) if top else (),
    )


def _log_probabilities(logits: Tensor, outputs: Outputs) -> Tensor:
    """Returns the logarithm of the probability of every class or key, (N, W); NaN for values."""
    match outputs:
        case Classes():
            return logits.log_softmax(-1)
        case Keys():
            return torch.nn.functional.logsigmoid(logits)
    return torch.full_like(logits, torch.nan)


def _guesses(
    log_probabilities: Tensor, name_of: Callable[[int], str]
) -> Iterator[tuple[Guess, ...]]:
    """Yields the best guesses of each row (N, classes); none for a row of NaN."""
    count = min(GUESSES, log_probabilities.shape[1])
    best = log_probabilities.exp().topk(count, dim=1)
    for probabilities, numbers in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        if math.isnan(probabilities[0]):
            yield ()
            continue
        pairs = zip(numbers, probabilities, strict=True)
        yield tuple(Guess(name_of(number), probability) for number, probability in pairs)


def _choose(
    signals: dict[SignalName, int], layer: int | None, gate: str, *, gates: bool
) -> dict[SignalName, int]:
    """Returns the signals of a layer and a name, or the states of a layer with or without gates.

    Raises:
        ConfigError: There is no such layer.
        NotFoundError: There is no such state or gate.
    """
    if gate or layer is not None:
        find_signal(signals, gate, layer)
    in_order = sorted(signals.items(), key=lambda item: (item[0].layer, item[0].is_gate))
    return {
        signal: width
        for signal, width in in_order
        if layer in (None, signal.layer)
        and (signal.name == gate if gate else gates or not signal.is_gate)
    }
