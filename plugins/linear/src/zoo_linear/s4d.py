"""The diagonal state space model."""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import gelu, linear

from zoo_core.runtime.nn import Weights
from zoo_linear.linear_cell import AbstractLinearCell

MIN_STEP, MAX_STEP = 0.001, 0.1
"""The Δ at the start, drawn on a logarithmic scale."""


@final
class S4dState(NamedTuple):
    """The complex states of an S4D: N numbers for each of H channels.

    Args:
        real: Their real parts, (B, H, N).
        imaginary: Their imaginary parts, (B, H, N).
    """

    real: Tensor
    imaginary: Tensor


@final
class S4dCell(AbstractLinearCell[S4dState]):
    """The diagonal state space model: every channel is filtered by N complex states of its own.

        u = W_u x + b_u
        s' = exp(Δ A) ⊙ s + (exp(Δ A) - 1) / A ⊙ u
        y = 2 Re(Σ_n C ⊙ s') + D ⊙ u
        h = (W_1 GELU(y) + b_1) ⊙ σ(W_2 GELU(y) + b_2)

    x is the input (B, F), u and y are (B, H), the state s is (B, H, N) and complex, h the output
    (B, H), σ the logistic function, ⊙ the element-wise product, with u for each of a channel's
    states. A = -exp(log_decay) + i frequency (H, N), Δ = exp(log_step) (H,), C is ``c_real`` and
    ``c_imaginary`` (H, N), D is ``skip`` (H,), ``weight_ih`` (H, F) is W_u and ``weight_out``
    (2H, H) W_1 and W_2, ``bias_ih`` (H,) and ``bias_out`` (2H,) the biases. The N numbers stand for
    2N that come in conjugate pairs, hence 2 Re. B is 1, as C alone decides the product of both.

    The equations of continuous time, ds/dt = A s + B u, are discretised exactly for an input that
    is constant during a step (zero-order hold). A starts as S4D-Lin, -1/2 + i π n.

    Source: Gu, Gupta, Goel & Ré (2022), On the Parameterization and Initialization of Diagonal
    State Space Models.

    Args:
        hidden_size: H.
        state_size: N.
        bias: Whether the linear maps have biases.
    """

    name = "s4d"

    def __init__(self, hidden_size: int, state_size: int = 16, bias: bool = True) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.state_size = state_size
        self.has_bias = bias

    @property
    def scan_width(self) -> int:
        """The numbers of a state, H · N."""
        return self.hidden_size * self.state_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the weights."""
        width, states = self.hidden_size, self.state_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (width, input_size),
            "log_step": (width,),
            "log_decay": (width, states),
            "frequency": (width, states),
            "c_real": (width, states),
            "c_imaginary": (width, states),
            "skip": (width,),
            "weight_out": (2 * width, width),
        }
        biases: dict[str, tuple[int, ...]] = {"bias_ih": (width,), "bias_out": (2 * width,)}
        return shapes | (biases if self.has_bias else {})

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the authors' start of every weight; None for those of the linear maps."""
        match name:
            case "log_step":
                return torch.rand(shape) * math.log(MAX_STEP / MIN_STEP) + math.log(MIN_STEP)
            case "log_decay":
                return torch.full(shape, math.log(0.5))
            case "frequency":
                return (math.pi * torch.arange(shape[1])).expand(shape)
            case "c_real" | "c_imaginary":
                return torch.randn(shape) / math.sqrt(2)  # a complex number has two parts
            case "skip":
                return torch.randn(shape)
            case _:
                return None

    def initial_state(self, batch_size: int, like: Tensor) -> S4dState:
        """Returns zeros, (B, H, N) each."""
        zeros = like.new_zeros(batch_size, self.hidden_size, self.state_size)
        return S4dState(zeros, zeros.clone())

    def discretised(self, weights: Weights) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns exp(Δ A) and (exp(Δ A) - 1) / A, real and imaginary parts, (H, N) each."""
        decay, frequency = weights["log_decay"].exp(), weights["frequency"]
        step = weights["log_step"].exp().unsqueeze(1)
        shrink, phase = -step * decay, step * frequency
        radius = shrink.exp()
        turn, twist = radius * phase.cos(), radius * phase.sin()
        # exp(Δ A) - 1 without the digits that a difference of numbers near 1 loses
        rest = shrink.expm1() * phase.cos() - 2 * (phase / 2).sin().square()
        norm = decay.square() + frequency.square()
        return (
            turn,
            twist,
            (frequency * twist - decay * rest) / norm,
            (-decay * twist - frequency * rest) / norm,
        )

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns exp(Δ A) (H · N,) and (exp(Δ A) - 1) / A ⊙ u (..., H · N), both complex."""
        turn, twist, real, imaginary = self.discretised(weights)
        u = projected.unsqueeze(-1)
        added = torch.complex(real * u, imaginary * u).flatten(-2)
        return torch.complex(turn, twist).flatten(), added

    def merge(self, state: S4dState) -> Tensor:
        """Returns the states as complex numbers, (B, H · N)."""
        return torch.complex(state.real, state.imaginary).flatten(1)

    def split(self, hidden: Tensor, state: S4dState) -> S4dState:
        """Returns complex numbers (B, H · N) as a state."""
        hidden = hidden.view(-1, self.hidden_size, self.state_size)
        return S4dState(hidden.real.contiguous(), hidden.imag.contiguous())

    def read(self, weights: Weights, projected: Tensor, hidden: Tensor) -> Tensor:
        """Returns h of u (..., H) and complex states (..., H · N)."""
        hidden = hidden.view(*hidden.shape[:-1], self.hidden_size, self.state_size)
        return self._read(weights, projected, hidden.real, hidden.imag)

    def step(self, weights: Weights, projected: Tensor, state: S4dState) -> tuple[Tensor, S4dState]:
        """Projected input (B, H) and a state to the output (B, H) and the next state."""
        turn, twist, real, imaginary = self.discretised(weights)
        u = projected.unsqueeze(-1)
        after = S4dState(
            turn * state.real - twist * state.imaginary + real * u,
            twist * state.real + turn * state.imaginary + imaginary * u,
        )
        return self._read(weights, projected, after.real, after.imaginary), after

    def _read(self, weights: Weights, projected: Tensor, real: Tensor, imaginary: Tensor) -> Tensor:
        products = weights["c_real"] * real - weights["c_imaginary"] * imaginary
        y = 2 * products.sum(-1) + weights["skip"] * projected
        value, opened = linear(gelu(y), weights["weight_out"], weights.get("bias_out")).chunk(2, -1)
        return value * self.gate("output", opened.sigmoid())
