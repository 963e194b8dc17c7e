"""Text in plain torch: nothing but the cell's steps between one symbol and the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.state import State

if TYPE_CHECKING:
    from zoo_core.runtime.nn.model import AbstractRecurrentModel


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
    rows: dict[int, Tensor] = {}  # of the symbols met, for a vocabulary may be large
    logits, states = answer.logits.flatten(0, -2)[-1], list(answer.state)
    while True:
        symbol = sampler.draw(logits)
        yield symbol
        with torch.no_grad():  # not over the yield, which would leave it on for whoever takes it
            if symbol not in rows:
                rows[symbol] = _row(model, symbol)
            hidden, states[0] = cell.step(weights[0], rows[symbol], states[0])
            for layer in range(1, len(weights)):
                projected = cell.project(weights[layer], hidden.unsqueeze(1))[:, 0]
                hidden, states[layer] = cell.step(weights[layer], projected, states[layer])
            logits = model.output(hidden)[0]


def _row(model: AbstractRecurrentModel, symbol: int) -> Tensor:
    """What a symbol contributes to the first layer, (1, G)."""
    token = torch.tensor([[symbol]])
    inputs = token if model.embedding is None else model.embedding(token)
    return model.recurrent.cell.project(model.recurrent.weights(0, 0), inputs)[0]
