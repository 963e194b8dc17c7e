# [model]
"""The minimal gated unit, written out."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear
from zoo_core.runtime.nn.cell import AbstractCell, Weights, gate_shapes, project
from zoo_core.runtime.nn.state import HiddenState


@final
class QuokkaCell(AbstractCell[HiddenState]):
    """A recurrence whose one gate both forgets and lets in.

        f  = σ(W_if x + b_if + W_hf h + b_hf + c)        gate
        n  = tanh(W_in x + b_in + W_hn (f ⊙ h) + b_hn)   candidate
        h' = (1 - f) ⊙ h + f ⊙ n

    x is the input (B, F), h the hidden state (B, H), h' the next one and the output, c a constant,
    σ the logistic function, ⊙ the product element by element. The W_i lie one after the other,
    f n, in ``weight_ih`` (2H, F), the W_h in ``weight_hh`` (2H, H), the biases in ``bias_ih`` and
    ``bias_hh`` (2H,).

    Source: Zhou et al. (2016).

    Args:
        hidden_size: H.
        bias: Whether the biases are there.
        gate_bias: c.
    """

    name = "quokka"

    def __init__(self, hidden_size: int, bias: bool = True, gate_bias: float = 0.0) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.bias = bias
        self.gate_bias = gate_bias

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (2H, F), ``weight_hh`` (2H, H), ``bias_ih`` and ``bias_hh`` (2H,)."""
        return gate_shapes(2, self.hidden_size, input_size, self.bias)

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_i x + b_i for all steps at once: (B, T, F) to (B, T, 2H)."""
        return project(inputs, weights["weight_ih"], weights.get("bias_ih"))

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, 2H) and a state to the output (B, H) and the next state."""
        x_f, x_n = projected.chunk(2, dim=1)  # (B, H) each
        w_f, w_n = weights["weight_hh"].chunk(2)
        b_f, b_n = weights["bias_hh"].chunk(2) if self.bias else (None, None)
        gate = torch.sigmoid(x_f + linear(state.hidden, w_f, b_f) + self.gate_bias)
        candidate = torch.tanh(x_n + linear(gate * state.hidden, w_n, b_n))
        hidden = (1 - gate) * state.hidden + gate * candidate
        return hidden, HiddenState(hidden)


# [end]
