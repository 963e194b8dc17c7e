"""The recurrences of the ladder's second and third rung."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn.cell import AbstractCell, Weights, gate_shapes, project
from zoo_core.runtime.nn.state import HiddenState


@final
class AddCell(AbstractCell[HiddenState]):
    """The input's layer is added to the state, and the sum goes through the state's layer.

        i = relu(W_ih x + b_ih)
        h' = tanh(W_hh (h + i) + b_hh)

    x is the embedding (B, E), h the hidden state (B, H). ``weight_ih`` (H, E), ``weight_hh``
    (H, H), ``bias_ih`` and ``bias_hh`` (H,).

    Source: fast.ai, Practical Deep Learning for Coders 2018, lesson 6.

    Args:
        hidden_size: H.
    """

    name = "char-add"

    def __init__(self, hidden_size: int) -> None:
        self.hidden_size = self.output_size = hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (H, E), ``weight_hh`` (H, H), ``bias_ih`` and ``bias_hh`` (H,)."""
        return gate_shapes(1, self.hidden_size, input_size, bias=True)

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """relu(W_ih x + b_ih): (B, T, E) to (B, T, H)."""
        return torch.relu(project(inputs, weights["weight_ih"], weights["bias_ih"]))

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, H) and a state to the output (B, H) and the next state."""
        added = state.hidden + projected
        hidden = torch.tanh(linear(added, weights["weight_hh"], weights["bias_hh"]))
        return hidden, HiddenState(hidden)


@final
class ConcatCell(AbstractCell[HiddenState]):
    """State and input are laid side by side, and go through both layers.

        i = relu(W_ih x + W_ch h + b_ih)
        h' = tanh(W_hh i + b_hh)

    x is the embedding (B, E), h the hidden state (B, H). W_ih and W_ch are the two parts of the
    matrix that multiplies h and x side by side: ``weight_ih`` (H, E), ``weight_ch`` (H, H);
    ``weight_hh`` (H, H), ``bias_ih`` and ``bias_hh`` (H,).

    Source: fast.ai, Practical Deep Learning for Coders 2018, lesson 6.

    Args:
        hidden_size: H.
    """

    name = "char-concat"

    def __init__(self, hidden_size: int) -> None:
        self.hidden_size = self.output_size = hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """As AddCell has, and ``weight_ch`` (H, H)."""
        width = self.hidden_size
        return gate_shapes(1, width, input_size, bias=True) | {"weight_ch": (width, width)}

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_ih x + b_ih: (B, T, E) to (B, T, H)."""
        return project(inputs, weights["weight_ih"], weights["bias_ih"])

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, H) and a state to the output (B, H) and the next state."""
        mixed = torch.relu(projected + linear(state.hidden, weights["weight_ch"]))
        hidden = torch.tanh(linear(mixed, weights["weight_hh"], weights["bias_hh"]))
        return hidden, HiddenState(hidden)
