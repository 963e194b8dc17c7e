"""The independently recurrent network."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights
from zoo_gates.configs import Activation

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}


@final
class IndRnnCell(GatedCell[HiddenState]):
    """An RNN each of whose units sees its own state alone.

        h' = φ(W_ih x + b_ih + u ⊙ h)

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, φ
    relu or tanh, ⊙ the element-wise product. ``weight_ih`` is (H, F), ``bias_ih`` (H,), and u is
    ``recurrent`` (H,), which starts uniform in [0, 1), so that no unit grows without bound.

    Source: Li et al. (2018), Independently Recurrent Neural Network (IndRNN): Building A Longer and
    Deeper RNN.

    Args:
        hidden_size: H.
        activation: φ.
        bias: Whether the cell has a bias.
    """

    name = "indrnn"
    gates = 1
    bias_names = ("bias_ih",)

    def __init__(
        self, hidden_size: int, activation: Activation = "relu", bias: bool = True
    ) -> None:
        super().__init__(hidden_size, bias)
        self.activation = ACTIVATIONS[activation]

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_ih``, ``recurrent`` and the bias."""
        shapes = super().parameter_shapes(input_size)
        del shapes["weight_hh"]
        return shapes | {"recurrent": (self.hidden_size,)}

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns numbers from [0, 1) for u."""
        return torch.rand(shape) if name == "recurrent" else None

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        hidden = self.activation(projected + weights["recurrent"] * state.hidden)
        return hidden, HiddenState(hidden)
