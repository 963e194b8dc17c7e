"""Text in plain torch: nothing but the cell's steps between one symbol and the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo_core.runtime.batch import Batch
from zoo_core.runtime.sampler import Sampler
from zoo_core.runtime.state import State

if TYPE_CHECKING:
    from zoo_core.runtime.model import AbstractRecurrentModel


def generate(
    model: AbstractRecurrentModel, state: State, prompt: Tensor, sampler: Sampler
) -> Iterator[int]:
    """The symbols that follow, without end; see AbstractKernel.

    Raises:
        IntegrityError: The model answers with numbers that are not finite.
    """
    recurrent, cell = model.recurrent, model.recurrent.cell
    weights = [recurrent.weights(layer, 0) for layer in range(recurrent.num_layers)]
    with torch.no_grad():
        answer = model(Batch(prompt.unsqueeze(0)), state)
        table = _table(model)
    logits, states = answer.logits.flatten(0, -2)[-1], list(answer.state)
    while True:
        symbol = sampler.draw(logits)
        yield symbol
        with torch.no_grad():  # not over the yield, which would leave it on for whoever takes it
            hidden, states[0] = cell.step(weights[0], table[symbol : symbol + 1], states[0])
            for layer in range(1, len(weights)):
                projected = cell.project(weights[layer], hidden.unsqueeze(1))[:, 0]
                hidden, states[layer] = cell.step(weights[layer], projected, states[layer])
            logits = model.output(hidden)[0]


def _table(model: AbstractRecurrentModel) -> Tensor:
    """What each symbol contributes to the first layer, (V, G)."""
    symbols = torch.arange(model.signature.input_size).unsqueeze(0)
    inputs = symbols if model.embedding is None else model.embedding(symbols)
    recurrent = model.recurrent
    return recurrent.cell.project(recurrent.weights(0, 0), inputs)[0]
