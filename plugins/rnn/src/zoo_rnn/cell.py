"""The RNN cell."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights
from zoo_rnn.configs import Nonlinearity

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


@final
class RnnCell(GatedCell[HiddenState]):
    """Elman's recurrence.

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output;
    relu can replace tanh. The weights are named and laid out as in ``torch.nn.RNN``.

    Source: Elman, Finding Structure in Time (1990).

    Args:
        hidden_size: H.
        nonlinearity: ``tanh`` or ``relu``.
        bias: Whether the cell has biases.
    """

    gates = 1

    def __init__(
        self, hidden_size: int, nonlinearity: Nonlinearity = "tanh", bias: bool = True
    ) -> None:
        super().__init__(hidden_size, bias)
        self.name = f"rnn-{nonlinearity}"
        self.activation = ACTIVATIONS[nonlinearity]

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        recurrent = linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        hidden = self.activation(projected + recurrent)
        return hidden, HiddenState(hidden)
