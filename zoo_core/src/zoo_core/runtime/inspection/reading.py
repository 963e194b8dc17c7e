"""Feeding a text to a model, symbol by symbol, while its layers are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.hardware.threads import iterate_with_threads
from zoo_core.runtime.inspection.recording import (
    SignalName,
    Values,
    Wanted,
    recording,
    recurrent_layers,
)
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State

PIECE = 256
"""Symbols that a model with an output for every step is fed at once."""
MAX_PREFIXES = 1000
"""Symbols up to which a model that needs the whole sequence is asked after each of them."""


@final
class Reading(NamedTuple):
    """What a model computes at some consecutive symbols of a text.

    Args:
        start: The number of the first symbol.
        logits: (N, W); NaN where the model was not asked.
        values: The signals, (N, units) each.
    """

    start: int
    logits: Tensor
    values: Values


def read(model: AbstractModel, tokens: Tensor, wanted: Wanted) -> Iterator[Reading]:
    """Feeds a text to a model and yields what it computes, in order.

    One thread computes it: for the step of one row, others only wait for each other.

    A model that carries its state is fed in pieces: one symbol at a time if it has one output for
    a whole sequence, which is then its output for the text so far. A model with a window is fed a
    window for every symbol. Any other is fed the whole text, and its beginnings if it has one
    output for a whole sequence.

    Args:
        model: The model, in evaluation mode.
        tokens: The text as tokens (T,) or features (T, F), with T of at least 1.
        wanted: Which signals to record.

    Raises:
        DataError: The text is shorter than the model's window.
        MisfitError: The model has no recurrent state, or reads several inputs.
    """
    if model.signature.context:
        raise MisfitError(
            "the model reads several inputs at once, and one text is too little; of one that "
            "translates, --attention shows where it looks"
        )
    return iterate_with_threads(1, _read(model, tokens, wanted))


@torch.no_grad()
def _read(model: AbstractModel, tokens: Tensor, wanted: Wanted) -> Iterator[Reading]:
    if model.carries_state:
        yield from _read_in_pieces(model, tokens, wanted)
    elif model.window:
        yield _read_windows(model, tokens, model.window, wanted)
    elif recurrent_layers(model):
        yield _read_whole(model, tokens, wanted)
    else:
        raise MisfitError(_no_state(model))


def _no_state(model: AbstractModel) -> str:
    return f"{type(model).__name__} has no recurrent state; only recurrent models can be inspected"


def _read_in_pieces(model: AbstractModel, tokens: Tensor, wanted: Wanted) -> Iterator[Reading]:
    has_layers = bool(recurrent_layers(model))
    size = PIECE if has_layers and model.signature.outputs.per == "step" else 1
    state: State | None = None
    for start in range(0, len(tokens), size):
        piece = tokens[start : start + size]
        # not over the yield, where the caller may run the model
        with recording(model, wanted) as recorded:
            output: Output = model(Batch(piece[None]), state)
            values = recorded.take(len(piece))
        state = output.state
        if not has_layers:
            if state is None:
                raise MisfitError(_no_state(model))
            values = _state_values(state, wanted)
        yield Reading(start, output.logits.reshape(len(piece), -1), values)


def _read_windows(model: AbstractModel, tokens: Tensor, window: int, wanted: Wanted) -> Reading:
    """Returns the outputs of the windows that end at each symbol, and their states."""
    if len(tokens) < window:
        raise DataError(
            f"the text has {len(tokens)} of the {window} symbols that the model reads at once; "
            "give a longer one"
        )
    windows = tokens.unfold(0, window, 1)
    output: Output = model(Batch(windows))
    if output.state is None:
        raise MisfitError(_no_state(model))
    logits = output.logits if output.logits.dim() == 2 else output.logits[:, -1]
    return Reading(window - 1, logits, _state_values(output.state, wanted))


def _read_whole(model: AbstractModel, tokens: Tensor, wanted: Wanted) -> Reading:
    with recording(model, wanted) as recorded:
        output: Output = model(Batch(tokens[None]))
        values = recorded.take(len(tokens))
    logits = output.logits[0]
    if model.signature.outputs.per == "sequence":
        logits = torch.cat([_prefix_logits(model, tokens), output.logits])
    return Reading(0, logits, values)


def _prefix_logits(model: AbstractModel, tokens: Tensor) -> Tensor:
    """Returns the output for each proper beginning of a text, (T - 1, W).

    It is NaN for a long text, which would take a time that grows with the square of its length.
    """
    count = len(tokens) - 1
    if count >= MAX_PREFIXES:
        return torch.full((count, model.signature.outputs.width), torch.nan)
    outputs = [model(Batch(tokens[None, :end])).logits for end in range(1, count + 1)]
    return torch.cat([torch.empty(0, model.signature.outputs.width), *outputs])


def available_signals(model: AbstractModel, tokens: Tensor) -> dict[SignalName, int]:
    """Returns the signals of a model and their numbers of units.

    Args:
        model: The model, in evaluation mode.
        tokens: A text, of which the model reads the beginning.

    Raises:
        DataError: The text is shorter than the model's window.
        MisfitError: The model has no recurrent state.
    """
    reading = next(read(model, tokens[: model.window or 1], lambda signal: True))
    return {signal: values.shape[1] for signal, values in reading.values.items()}


def _state_values(state: State, wanted: Wanted) -> Values:
    """Returns the tensors of a state with N rows, (N, units) each."""
    tensors = {
        SignalName(layer, name, False): tensor.flatten(1)
        for layer, part in enumerate(state)
        for name, tensor in zip(part._fields, part, strict=True)
    }
    return {signal: tensor for signal, tensor in tensors.items() if wanted(signal)}
