"""The recurrences of char-loop, char-loop-concat and word-loop."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear

from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class AddCell(GatedCell[HiddenState]):
    """Adds the input, after a layer of its own, to the state, and passes the sum through a layer.

        i = relu(W_ih x + b_ih)
        h' = tanh(W_hh (h + i) + b_hh)

    x is the embedding (B, E), h the hidden state (B, H). The weights are ``weight_ih`` (H, E),
    ``weight_hh`` (H, H), ``bias_ih`` and ``bias_hh`` (H,).

    Source: fast.ai, Practical Deep Learning for Coders 2018, lesson 6.

    Args:
        hidden_size: H.
    """

    name = "char-add"
    gates = 1

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Computes relu(W_ih x + b_ih): (B, T, E) to (B, T, H)."""
        return torch.relu(super().project(weights, inputs))

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        total = state.hidden + self.gate("input", projected)
        hidden = torch.tanh(linear(total, weights["weight_hh"], weights["bias_hh"]))
        return hidden, HiddenState(hidden)


@final
class ConcatCell(GatedCell[HiddenState]):
    """Concatenates the state and the input, and passes them through two layers.

        i = relu(W_ih x + W_ch h + b_ih)
        h' = tanh(W_hh i + b_hh)

    x is the embedding (B, E), h the hidden state (B, H). W_ih and W_ch are the two parts of the
    matrix that multiplies x and h, concatenated: ``weight_ih`` (H, E) and ``weight_ch`` (H, H).
    The other weights are ``weight_hh`` (H, H), ``bias_ih`` and ``bias_hh`` (H,).

    Source: fast.ai, Practical Deep Learning for Coders 2018, lesson 6.

    Args:
        hidden_size: H.
    """

    name = "char-concat"
    gates = 1

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of GatedCell and of ``weight_ch``."""
        width = self.hidden_size
        return super().parameter_shapes(input_size) | {"weight_ch": (width, width)}

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        mixed = torch.relu(projected + linear(state.hidden, weights["weight_ch"]))
        mixed = self.gate("input", mixed)
        hidden = torch.tanh(linear(mixed, weights["weight_hh"], weights["bias_hh"]))
        return hidden, HiddenState(hidden)


@final
class WordCell(GatedCell[HiddenState]):
    """Adds the input to the state, and passes the sum through a layer.

        h' = relu(W_hh (h + x) + b_hh)

    x is the embedding and h the hidden state, both (B, H). The weights are ``weight_hh`` (H, H) and
    ``bias_hh`` (H,).

    Source: Howard & Gugger, Deep Learning for Coders with fastai and PyTorch (2020), chapter 12.

    Args:
        hidden_size: H.
    """

    name = "word-loop"
    gates = 1

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_hh`` and ``bias_hh``.

        Raises:
            MisfitError: The inputs are not as wide as the state.
        """
        width = self.hidden_size
        if input_size != width:
            raise MisfitError(
                f"word-loop adds its inputs to its state of {width} units, and they have "
                f"{input_size}; give both one width"
            )
        return {"weight_hh": (width, width), "bias_hh": (width,)}

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Returns the inputs, (B, T, H)."""
        return inputs

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        total = state.hidden + projected
        hidden = torch.relu(linear(total, weights["weight_hh"], weights["bias_hh"]))
        return hidden, HiddenState(hidden)
