"""The real-gated linear recurrent unit."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import softplus

from zoo_core.runtime.nn import Weights
from zoo_linear.linear_cell import AbstractRealCell

SHARPNESS = 8.0
"""c, which the paper fixes."""


@final
class RgLruCell(AbstractRealCell):
    """The real-gated linear recurrent unit, the recurrence of Griffin and Hawk.

        r = σ(W_r x + b_r)                  recurrence gate
        i = σ(W_i x + b_i)                  input gate
        a = exp(-c softplus(Λ) ⊙ r)
        h' = a ⊙ h + √(1 - a²) ⊙ i ⊙ (W_u x + b_u)

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, σ
    the logistic function, c = 8, ⊙ the element-wise product. The matrices lie one after the other,
    r i u, in ``weight_ih`` (3H, F) and ``bias_ih`` (3H,); Λ is ``decay`` (H,). W_u is there as
    inputs and states may differ in width; the paper takes x itself, and keeps the matrix, a short
    convolution and a second branch in the block around the unit.

    a is computed from its logarithm, and √(1 - a²) from that too, so that neither loses digits as a
    comes near 1. With an open gate, r = 1, it starts uniform from ``min_decay`` to ``max_decay``.

    Source: De et al. (2024), Griffin: Mixing Gated Linear Recurrences with Local Attention for
    Efficient Language Models, section 2.4 and appendix A.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
        min_decay: The least a of an open gate at the start.
        max_decay: The greatest a of an open gate at the start.
    """

    name = "rg-lru"
    parts = 3

    def __init__(
        self,
        hidden_size: int,
        bias: bool = True,
        min_decay: float = 0.9,
        max_decay: float = 0.999,
    ) -> None:
        super().__init__(hidden_size, bias)
        self.min_decay, self.max_decay = min_decay, max_decay

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_ih``, the bias and Λ."""
        return super().parameter_shapes(input_size) | {"decay": (self.hidden_size,)}

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the paper's start: a variance of 1/F for matrices, zeros for biases."""
        match name:
            case "weight_ih":
                return torch.randn(shape) / math.sqrt(shape[1])
            case "decay":
                decay = torch.rand(shape) * (self.max_decay - self.min_decay) + self.min_decay
                # neither 0 nor 1 by rounding, whose Λ is infinite
                limits = torch.finfo(decay.dtype)
                decay = decay.clamp(limits.tiny, 1 - limits.eps)
                return (-decay.log() / SHARPNESS).expm1().log()  # the inverse of softplus
            case _:
                return torch.zeros(shape)

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a and √(1 - a²) ⊙ i ⊙ u of projected inputs (..., 3H), (..., H) each."""
        r, i, u = projected.chunk(3, dim=-1)
        recurrence, admitted = self.gate("recurrence", r.sigmoid()), self.gate("input", i.sigmoid())
        log_decay = -SHARPNESS * softplus(weights["decay"]) * recurrence
        # Where a gate is shut up to rounding, a is 1, and the root would have no slope.
        rest = (-(2 * log_decay).expm1()).clamp(min=torch.finfo(log_decay.dtype).tiny)
        return log_decay.exp(), rest.sqrt() * admitted * u
