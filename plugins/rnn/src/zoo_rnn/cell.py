"""The RNN cell, written out."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn.cell import AbstractCell, Weights, gate_shapes, project
from zoo_core.runtime.nn.state import HiddenState
from zoo_rnn.configs import Nonlinearity

FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu}


@final
class RnnCell(AbstractCell[HiddenState]):
    """Elman's recurrence: the hidden state is squashed from the input and the one before.

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    x is the input (B, F), h the hidden state (B, H), h' the next one and the output; relu may
    take the place of tanh.

    Source: Elman (1990); names and layout as in ``torch.nn.RNNCell``.

    Args:
        hidden_size: H.
        nonlinearity: ``tanh`` or ``relu``.
        bias: Whether b_ih and b_hh are there.
    """

    def __init__(
        self, hidden_size: int, nonlinearity: Nonlinearity = "tanh", bias: bool = True
    ) -> None:
        self.name = f"rnn-{nonlinearity}"
        self.hidden_size = self.output_size = hidden_size
        self.bias = bias
        self.squash = FUNCTIONS[nonlinearity]

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (H, F), ``weight_hh`` (H, H), ``bias_ih`` and ``bias_hh`` (H,)."""
        return gate_shapes(1, self.hidden_size, input_size, self.bias)

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_ih x + b_ih: (B, T, F) to (B, T, H)."""
        return project(inputs, weights["weight_ih"], weights.get("bias_ih"))

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, H) and a state to the output (B, H) and the next state."""
        recurrent = linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        hidden = self.squash(projected + recurrent)
        return hidden, HiddenState(hidden)
