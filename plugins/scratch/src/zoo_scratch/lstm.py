"""The LSTM from scratch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.nn import GatedCell, LstmState, Weights


@final
class ScratchLstmCell(GatedCell[LstmState]):
    """Long short-term memory with one bias.

        i = σ(W_xi x + W_hi h + b_i)        input gate
        f = σ(W_xf x + W_hf h + b_f)        forget gate
        g = tanh(W_xc x + W_hc h + b_c)     candidate
        o = σ(W_xo x + W_ho h + b_o)        output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    x is the one-hot input (B, V), h the hidden state and c the cell state (B, H), σ the logistic
    function, ⊙ the element-wise product. The W_x lie one after the other, i f g o, in
    ``weight_ih`` (4H, V), the W_h in ``weight_hh`` (4H, H), the b in ``bias_ih`` (4H,): the layout
    of torch without its second bias.

    Source: Zhang et al., Dive into Deep Learning, "Long Short-Term Memory".

    Args:
        hidden_size: H.
    """

    name = "lstm"
    gates = 4
    state_type = LstmState
    bias_names = ("bias_ih",)

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 4H) and a state to the output (B, H) and the next state."""
        i, f, g, o = (projected + state.hidden @ weights["weight_hh"].t()).chunk(4, dim=1)
        i, f = self.gate("input", torch.sigmoid(i)), self.gate("forget", torch.sigmoid(f))
        g, o = self.gate("candidate", torch.tanh(g)), self.gate("output", torch.sigmoid(o))
        cell = f * state.cell + i * g
        hidden = o * torch.tanh(cell)
        return hidden, LstmState(hidden, cell)
