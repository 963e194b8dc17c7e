"""The RNN from scratch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class ScratchRnnCell(GatedCell[HiddenState]):
    """The plain recurrence with one bias.

        h' = tanh(W_xh x + W_hh h + b_h)

    x is the one-hot input (B, V), h the hidden state (B, H). W_xh is ``weight_ih`` (H, V), W_hh is
    ``weight_hh`` (H, H), b_h is ``bias_ih`` (H,): the layout of torch, which is the transpose of
    the book's, without torch's second bias.

    Source: Zhang et al., Dive into Deep Learning, "Recurrent Neural Network Implementation from
    Scratch".

    Args:
        hidden_size: H.
    """

    name = "rnn-tanh"
    gates = 1
    bias_names = ("bias_ih",)

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        hidden = torch.tanh(projected + state.hidden @ weights["weight_hh"].t())
        return hidden, HiddenState(hidden)
