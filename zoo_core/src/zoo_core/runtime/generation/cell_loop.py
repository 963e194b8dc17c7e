"""Text generation by the cell alone: between two symbols, no layer and no model is called."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.state import State


def generate_by_cell(
    model: RecurrentModel, state: State, prompt: Tensor, sampler: Sampler
) -> Iterator[int]:
    """Generates the symbols that follow a prompt, without end, in the precision of the weights.

    Args:
        model: A model with the default forward over tokens, in one direction, of any cell.
        state: The state to start from, for one row.
        prompt: The symbols that come first, (T,) with T of at least 1.
        sampler: Chooses each symbol.

    Raises:
        IntegrityError: The logits are not finite.
    """
    recurrent, cell = model.recurrent, model.recurrent.cell
    weights = [recurrent.weights(layer, 0) for layer in range(recurrent.num_layers)]
    with torch.no_grad():
        output = model(Batch(prompt.unsqueeze(0)), state)
    assert output.state is not None, "a recurrent model has a state"
    # Filled as symbols appear: a table of a large vocabulary may not fit into memory.
    projected_symbols: dict[int, Tensor] = {}
    logits, states = output.logits.flatten(0, -2)[-1], list(output.state)
    while True:
        symbol = sampler.draw(logits)
        yield symbol
        with torch.no_grad():  # not over the yield: the caller's setting would change
            if symbol not in projected_symbols:
                projected_symbols[symbol] = _project_symbol(model, prompt.new_tensor([[symbol]]))
            hidden, states[0] = cell.step(weights[0], projected_symbols[symbol], states[0])
            for layer in range(1, len(weights)):
                projected = cell.project(weights[layer], hidden.unsqueeze(1))[:, 0]
                hidden, states[layer] = cell.step(weights[layer], projected, states[layer])
            logits = model.output(hidden)[0]


def _project_symbol(model: RecurrentModel, token: Tensor) -> Tensor:
    """The contribution of a symbol (1, 1) to the first layer, (1, G)."""
    inputs = token if model.embedding is None else model.embedding(token)
    return model.recurrent.cell.project(model.recurrent.weights(0, 0), inputs)[0]
