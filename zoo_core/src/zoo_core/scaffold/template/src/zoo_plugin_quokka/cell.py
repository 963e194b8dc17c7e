# [model]
"""The minimal gated unit."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear
from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class QuokkaCell(GatedCell[HiddenState]):
    """A recurrence with one gate, which both forgets the old state and admits the new one.

        f  = σ(W_if x + b_if + W_hf h + b_hf + c)        gate
        n  = tanh(W_in x + b_in + W_hn (f ⊙ h) + b_hn)   candidate
        h' = (1 - f) ⊙ h + f ⊙ n

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, c a
    constant, σ the logistic function, ⊙ the element-wise product. The gates lie one after the
    other, f n, in ``weight_ih`` (2H, F), ``weight_hh`` (2H, H), ``bias_ih`` and ``bias_hh`` (2H,).

    Source: Zhou et al. (2016).

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
        gate_bias: c.
    """

    name = "quokka"
    gates = 2

    def __init__(self, hidden_size: int, bias: bool = True, gate_bias: float = 0.0) -> None:
        super().__init__(hidden_size, bias)
        self.gate_bias = gate_bias

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, 2H) and a state to the output (B, H) and the next state."""
        x_f, x_n = projected.chunk(2, dim=1)  # (B, H) each
        w_f, w_n = weights["weight_hh"].chunk(2)
        bias = weights.get("bias_hh")
        b_f, b_n = (None, None) if bias is None else bias.chunk(2)
        gate = torch.sigmoid(x_f + linear(state.hidden, w_f, b_f) + self.gate_bias)
        gate = self.gate("forget", gate)  # zoo inspect --gate forget shows it
        candidate = torch.tanh(x_n + linear(gate * state.hidden, w_n, b_n))
        hidden = (1 - gate) * state.hidden + gate * candidate
        return hidden, HiddenState(hidden)


# [end]
