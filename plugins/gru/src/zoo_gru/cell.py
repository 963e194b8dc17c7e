"""The two GRU cells: with the reset gate after the recurrent product, and before it."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class GruCell(GatedCell[HiddenState]):
    """The gated recurrent unit of cuDNN and ``torch.nn.GRU``: it resets the recurrent product.

        r = σ(W_ir x + b_ir + W_hr h + b_hr)            reset gate
        z = σ(W_iz x + b_iz + W_hz h + b_hz)            update gate
        n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))   candidate
        h' = (1 - z) ⊙ n + z ⊙ h

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, σ
    the logistic function, ⊙ the element-wise product. The gates lie one after the other, r z n,
    in ``weight_ih`` (3H, F), ``weight_hh`` (3H, H), ``bias_ih`` and ``bias_hh`` (3H,), as in
    ``torch.nn.GRU``.

    Source: Cho et al. (2014), with the reset gate moved after the product as in cuDNN.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "gru"
    gates = 3

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, 3H) and a state to the output (B, H) and the next state."""
        x_r, x_z, x_n = projected.chunk(3, dim=1)  # (B, H) each
        recurrent = linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        h_r, h_z, h_n = recurrent.chunk(3, dim=1)
        reset = self.gate("reset", (x_r + h_r).sigmoid())
        update = self.gate("update", (x_z + h_z).sigmoid())
        candidate = self.gate("candidate", (x_n + reset * h_n).tanh())
        hidden = (1 - update) * candidate + update * state.hidden
        return hidden, HiddenState(hidden)


@final
class ResetBeforeGruCell(GatedCell[HiddenState]):
    """The gated recurrent unit of the paper: it resets the state before the recurrent product.

        r = σ(W_ir x + b_ir + W_hr h + b_hr)            reset gate
        z = σ(W_iz x + b_iz + W_hz h + b_hz)            update gate
        n = tanh(W_in x + b_in + W_hn (r ⊙ h) + b_hn)   candidate
        h' = (1 - z) ⊙ n + z ⊙ h

    Symbols, shapes and layout are those of GruCell.

    Source: Cho et al. (2014).

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "gru-reset-before"
    gates = 3

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, 3H) and a state to the output (B, H) and the next state."""
        x_r, x_z, x_n = projected.chunk(3, dim=1)  # (B, H) each
        w_r, w_z, w_n = weights["weight_hh"].chunk(3)
        bias = weights.get("bias_hh")
        b_r, b_z, b_n = (None, None, None) if bias is None else bias.chunk(3)
        reset = self.gate("reset", (x_r + linear(state.hidden, w_r, b_r)).sigmoid())
        update = self.gate("update", (x_z + linear(state.hidden, w_z, b_z)).sigmoid())
        recurrent = linear(reset * state.hidden, w_n, b_n)
        candidate = self.gate("candidate", (x_n + recurrent).tanh())
        hidden = (1 - update) * candidate + update * state.hidden
        return hidden, HiddenState(hidden)
