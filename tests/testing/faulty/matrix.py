"""A model whose state is a matrix for each sequence, and whose weights start from ones."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear

from tests.testing.faulty.configs import Layers
from zoo_core import Signature
from zoo_core.runtime.nn import AbstractCell, RecurrentModel, Weights, recurrent_layer


@final
class MatrixState(NamedTuple):
    """The state of a MatrixCell.

    Args:
        memory: (B, H, H).
    """

    memory: Tensor


@final
class MatrixCell(AbstractCell[MatrixState]):
    """A memory of outer products.

        q, k, v = W x
        M' = (M + v k^T) / 2
        y = gain * (M' q + v)

    The state does not hold the output. The weights are ``gain`` (H,) and ``weight`` (3H, F).

    Source: Schmidhuber, Learning to control fast-weight memories (1992), with a fixed
    decay and a shortcut.

    Args:
        hidden_size: H.
    """

    name = "matrix"

    def __init__(self, hidden_size: int) -> None:
        self.hidden_size = self.output_size = hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes, the gain first: the first weight of a cell need not be a matrix."""
        return {"gain": (self.hidden_size,), "weight": (3 * self.hidden_size, input_size)}

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns ones for the gain."""
        return torch.ones(shape) if name == "gain" else None

    def initial_state(self, batch_size: int, like: Tensor) -> MatrixState:
        """Returns an empty memory."""
        return MatrixState(like.new_zeros(batch_size, self.hidden_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Projects inputs (B, T, F) or tokens (B, T) to (B, T, 3H)."""
        if inputs.is_floating_point():
            return linear(inputs, weights["weight"])
        return embedding(inputs, weights["weight"].t())

    def step(
        self, weights: Weights, projected: Tensor, state: MatrixState
    ) -> tuple[Tensor, MatrixState]:
        """Maps a projected input (B, 3H) and a state to the output (B, H) and the next state."""
        query, key, value = projected.chunk(3, dim=1)
        memory = (state.memory + value.unsqueeze(2) * key.unsqueeze(1)) / 2
        read = (memory @ query.unsqueeze(2)).squeeze(2)
        return weights["gain"] * (read + value), MatrixState(memory)


def matrix_model(config: Layers, signature: Signature) -> RecurrentModel:
    """Builds layers of matrix cells."""
    layer = recurrent_layer(MatrixCell(config.hidden_size), signature.input_size, config)
    return RecurrentModel(signature, layer)
