"""The RNN from scratch."""

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
class ScratchRnnCell(AbstractCell[HiddenState]):
    """The plain recurrence with one bias.

        h' = tanh(W_xh x + W_hh h + b_h)

    x is the one-hot input (B, V), h the hidden state (B, H). W_xh is ``weight_ih`` (H, V), W_hh is
    ``weight_hh`` (H, H), b_h is ``bias_ih`` (H,): torch's layout, transposed to the book's, without
    torch's second bias.

    Source: Zhang et al., Dive into Deep Learning, "Recurrent Neural Network Implementation from
    Scratch".

    Args:
        hidden_size: H.
    """

    name = "rnn-tanh"

    def __init__(self, hidden_size: int) -> None:
        self.hidden_size = self.output_size = hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (H, V), ``weight_hh`` (H, H), ``bias_ih`` (H,)."""
        return one_bias_shapes(1, self.hidden_size, input_size)

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_xh x + b_h: tokens (B, T) to (B, T, H)."""
        return project(inputs, weights["weight_ih"], weights["bias_ih"])

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, H) and a state to the output (B, H) and the next state."""
        hidden = torch.tanh(projected + state.hidden @ weights["weight_hh"].t())
        return hidden, HiddenState(hidden)


def scratch_rnn(config: ScratchConfig, signature: Signature) -> ScratchModel:
    """The language model over this cell."""
    return ScratchModel(ScratchRnnCell(config.hidden_size), config, signature)
