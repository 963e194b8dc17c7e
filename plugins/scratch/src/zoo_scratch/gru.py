"""The GRU from scratch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core import Signature
from zoo_core.runtime.nn.cell import AbstractCell, Weights, project
from zoo_core.runtime.nn.state import HiddenState
from zoo_scratch.configs import ScratchConfig
from zoo_scratch.model import ScratchModel, one_bias_shapes


@final
class ScratchGruCell(AbstractCell[HiddenState]):
    """The gated recurrent unit with one bias and the reset gate before the product.

        r = σ(W_xr x + W_hr h + b_r)                reset gate
        z = σ(W_xz x + W_hz h + b_z)                update gate
        n = tanh(W_xh x + W_hh (r ⊙ h) + b_h)       candidate
        h' = z ⊙ h + (1 - z) ⊙ n

    x is the one-hot input (B, V), h the hidden state (B, H). The W_x lie one after the other, r z
    n, in ``weight_ih`` (3H, V), the W_h in ``weight_hh`` (3H, H), the b in ``bias_ih`` (3H,).

    Source: Zhang et al., Dive into Deep Learning, "Gated Recurrent Units".

    Args:
        hidden_size: H.
    """

    name = "gru-scratch"

    def __init__(self, hidden_size: int) -> None:
        self.hidden_size = self.output_size = hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (3H, V), ``weight_hh`` (3H, H), ``bias_ih`` (3H,)."""
        return one_bias_shapes(3, self.hidden_size, input_size)

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_x x + b: tokens (B, T) to (B, T, 3H)."""
        return project(inputs, weights["weight_ih"], weights["bias_ih"])

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, 3H) and a state to the output (B, H) and the next state."""
        width = self.hidden_size
        gates, candidate = projected[:, : 2 * width], projected[:, 2 * width :]
        w_gates, w_candidate = weights["weight_hh"][: 2 * width], weights["weight_hh"][2 * width :]
        reset, update = torch.sigmoid(gates + state.hidden @ w_gates.t()).chunk(2, dim=1)
        new = torch.tanh(candidate + (reset * state.hidden) @ w_candidate.t())
        hidden = update * state.hidden + (1 - update) * new
        return hidden, HiddenState(hidden)


def scratch_gru(config: ScratchConfig, signature: Signature) -> ScratchModel:
    """The language model over this cell."""
    return ScratchModel(ScratchGruCell(config.hidden_size), config, signature)
