"""The LSTM from scratch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core import Signature
from zoo_core.runtime.nn.cell import AbstractCell, Weights, project
from zoo_core.runtime.nn.state import LstmState
from zoo_scratch.configs import ScratchConfig
from zoo_scratch.model import ScratchModel, one_bias_shapes


@final
class ScratchLstmCell(AbstractCell[LstmState]):
    """Long short-term memory with one bias.

        i = σ(W_xi x + W_hi h + b_i)        input gate
        f = σ(W_xf x + W_hf h + b_f)        forget gate
        g = tanh(W_xc x + W_hc h + b_c)     candidate
        o = σ(W_xo x + W_ho h + b_o)        output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    x is the one-hot input (B, V), h the hidden state and c the cell state (B, H). The W_x lie one
    after the other, i f g o, in ``weight_ih`` (4H, V), the W_h in ``weight_hh`` (4H, H), the b in
    ``bias_ih`` (4H,): torch's layout without its second bias.

    Source: Zhang et al., Dive into Deep Learning, "Long Short-Term Memory".

    Args:
        hidden_size: H.
    """

    name = "lstm"

    def __init__(self, hidden_size: int) -> None:
        self.hidden_size = self.output_size = hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (4H, V), ``weight_hh`` (4H, H), ``bias_ih`` (4H,)."""
        return one_bias_shapes(4, self.hidden_size, input_size)

    def initial_state(self, batch_size: int, like: Tensor) -> LstmState:
        """Zeros, twice (B, H)."""
        zeros = like.new_zeros(batch_size, self.hidden_size)
        return LstmState(hidden=zeros, cell=zeros)

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_x x + b: tokens (B, T) to (B, T, 4H)."""
        return project(inputs, weights["weight_ih"], weights["bias_ih"])

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """(B, 4H) and a state to the output (B, H) and the next state."""
        i, f, g, o = (projected + state.hidden @ weights["weight_hh"].t()).chunk(4, dim=1)
        cell = torch.sigmoid(f) * state.cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        return hidden, LstmState(hidden, cell)


def scratch_lstm(config: ScratchConfig, signature: Signature) -> ScratchModel:
    """The language model over this cell."""
    return ScratchModel(ScratchLstmCell(config.hidden_size), config, signature)
