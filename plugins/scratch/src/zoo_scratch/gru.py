"""The GRU from scratch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class ScratchGruCell(GatedCell[HiddenState]):
    """The gated recurrent unit with one bias and the reset gate before the product.

        r = σ(W_xr x + W_hr h + b_r)                reset gate
        z = σ(W_xz x + W_hz h + b_z)                update gate
        n = tanh(W_xh x + W_hh (r ⊙ h) + b_h)       candidate
        h' = z ⊙ h + (1 - z) ⊙ n

    x is the one-hot input (B, V), h the hidden state (B, H), σ the logistic function, ⊙ the
    element-wise product. The W_x lie one after the other, r z n, in ``weight_ih`` (3H, V), the W_h
    in ``weight_hh`` (3H, H), the b in ``bias_ih`` (3H,).

    Source: Zhang et al., Dive into Deep Learning, "Gated Recurrent Units".

    Args:
        hidden_size: H.
    """

    name = "gru-scratch"
    gates = 3
    bias_names = ("bias_ih",)

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, 3H) and a state to the output (B, H) and the next state."""
        width = self.hidden_size
        x_gates, x_candidate = projected[:, : 2 * width], projected[:, 2 * width :]
        w_gates, w_candidate = weights["weight_hh"][: 2 * width], weights["weight_hh"][2 * width :]
        reset, update = torch.sigmoid(x_gates + state.hidden @ w_gates.t()).chunk(2, dim=1)
        reset, update = self.gate("reset", reset), self.gate("update", update)
        recurrent = (reset * state.hidden) @ w_candidate.t()
        candidate = self.gate("candidate", torch.tanh(x_candidate + recurrent))
        hidden = update * state.hidden + (1 - update) * candidate
        return hidden, HiddenState(hidden)
