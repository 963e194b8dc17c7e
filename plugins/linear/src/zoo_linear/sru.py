"""The simple recurrent unit."""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear, one_hot

from zoo_core.runtime.nn import Weights
from zoo_linear.unit_cell import AbstractUnitCell


@final
class SruState(NamedTuple):
    """The state of an SRU.

    Args:
        cell: c, (B, H).
    """

    cell: Tensor


@final
class SruCell(AbstractUnitCell[SruState]):
    """The simple recurrent unit: gates that see their own unit of the state, and a highway.

        f = σ(W_f x + v_f ⊙ c + b_f)            forget gate
        c' = f ⊙ c + (1 - f) ⊙ (W_c x)
        r = σ(W_r x + v_r ⊙ c + b_r)            reset gate
        h = r ⊙ c' + (1 - r) ⊙ α x

    x is the input (B, F), c the cell state (B, H), h the output (B, H), σ the logistic function, ⊙
    the element-wise product, and α = √(1 + 2 exp(b_r)) with b_r as it starts, so that inputs and
    outputs have one size. The matrices lie one after the other, c f r, in ``weight`` (3H, F);
    ``state_weight`` (2H,) holds v_f and v_r, ``bias`` (2H,) b_f and b_r. If F is not H, x in the
    last line is W_x x, and W_x the last part of ``weight`` (4H, F), which starts with α in it.

    Source: Lei et al. (2018), Simple Recurrent Units for Highly Parallelizable Recurrence.

    Args:
        hidden_size: H.
        bias: Whether the gates have biases.
        highway_bias: b_r at the start; the lower it is, the more of an input passes by.
    """

    name = "sru"

    def __init__(self, hidden_size: int, bias: bool = True, highway_bias: float = 0.0) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.has_bias = bias
        self.highway_bias = highway_bias
        self.scale = math.sqrt(1 + 2 * math.exp(highway_bias))

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the matrices, the v and the biases."""
        width = self.hidden_size
        parts = 3 if input_size == width else 4
        shapes: dict[str, tuple[int, ...]] = {
            "weight": (parts * width, input_size),
            "state_weight": (2 * width,),
        }
        return shapes | ({"bias": (2 * width,)} if self.has_bias else {})

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the paper's start: a variance of 1/F for W_c, half of it for the gates."""
        width = self.hidden_size
        if name == "bias":
            value = torch.zeros(shape)
            value[width:] = self.highway_bias
            return value
        if name == "state_weight":
            return torch.empty(shape).uniform_(-math.sqrt(1.5), math.sqrt(1.5))
        bound = math.sqrt(3 / shape[1])
        value = torch.empty(shape).uniform_(-bound, bound)
        value[width : 3 * width] *= math.sqrt(0.5)
        value[3 * width :] *= self.scale
        return value

    def initial_state(self, batch_size: int, like: Tensor) -> SruState:
        """Returns zeros, (B, H)."""
        return SruState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Computes W_c x, W_f x + b_f, W_r x + b_r and the highway's input, (B, T, 4H)."""
        weight, width = weights["weight"], self.hidden_size
        if inputs.is_floating_point():
            projected = linear(inputs, weight)
        else:
            projected = embedding(inputs, weight.t())
        if weight.shape[0] == 3 * width:
            if not inputs.is_floating_point():
                inputs = one_hot(inputs, weight.shape[1]).to(weight.dtype)
            projected = torch.cat([projected, self.scale * inputs], dim=-1)
        if not self.has_bias:
            return projected
        candidate, gates, highway = torch.split(projected, [width, 2 * width, width], dim=-1)
        return torch.cat([candidate, gates + weights["bias"], highway], dim=-1)

    def advance(self, weights: Weights, projected: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Returns c' of c (..., H), and its derivative f + v_f ⊙ f ⊙ (1 - f) ⊙ (c - W_c x)."""
        candidate, sums, _, _ = projected.chunk(4, dim=-1)
        own = weights["state_weight"][: self.hidden_size]
        forget = self.gate("forget", (sums + own * hidden).sigmoid())
        change = hidden - candidate
        return candidate + forget * change, forget * (1 + own * (1 - forget) * change)

    def merge(self, state: SruState) -> Tensor:
        """Returns c, (B, H)."""
        return state.cell

    def split(self, hidden: Tensor) -> SruState:
        """Returns c (B, H) as a state."""
        return SruState(hidden)

    def read(self, weights: Weights, projected: Tensor, before: Tensor, hidden: Tensor) -> Tensor:
        """Returns h of projected inputs (..., 4H), c and c' (..., H)."""
        _, _, sums, highway = projected.chunk(4, dim=-1)
        own = weights["state_weight"][self.hidden_size :]
        reset = self.gate("reset", (sums + own * before).sigmoid())
        return highway + reset * (hidden - highway)
