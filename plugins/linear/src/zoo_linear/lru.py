"""The linear recurrent unit."""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import Weights
from zoo_linear.linear_cell import AbstractLinearCell


@final
class LruState(NamedTuple):
    """The complex state of an LRU.

    Args:
        real: Its real part, (B, H).
        imaginary: Its imaginary part, (B, H).
    """

    real: Tensor
    imaginary: Tensor


@final
class LruCell(AbstractLinearCell[LruState]):
    """The linear recurrent unit: complex numbers that turn and decay, each at its own rate.

        λ = exp(-exp(ν) + i exp(θ))
        s' = λ ⊙ s + exp(γ) ⊙ (B x)
        y = Re(C s') + D x + b

    x is the input (B, F), s the complex state (B, H), y the output (B, H), ⊙ the element-wise
    product. ``weight_ih`` (3H, F) holds Re B, Im B and D one after the other; ``c_real`` and
    ``c_imaginary`` are C (H, H); ``nu``, ``theta`` and ``gamma`` are ν, θ and γ (H,), and b is
    ``bias`` (H,), which the paper does not have. D is a matrix, as inputs and outputs may differ in
    width; the paper's is diagonal.

    |λ| < 1 whatever ν is. It starts uniform on the ring from ``min_radius`` to ``max_radius``, with
    a phase up to ``max_phase``, and exp(γ) at √(1 - |λ|²), which keeps the size of the state.

    Source: Orvieto et al. (2023), Resurrecting Recurrent Neural Networks for Long Sequences.

    Args:
        hidden_size: H.
        bias: Whether the outputs have a bias.
        min_radius: The least |λ| at the start.
        max_radius: The greatest |λ| at the start.
        max_phase: The greatest phase of λ at the start, in radians.
    """

    name = "lru"

    def __init__(
        self,
        hidden_size: int,
        bias: bool = False,
        min_radius: float = 0.0,
        max_radius: float = 1.0,
        max_phase: float = 2 * math.pi,
    ) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.has_bias = bias
        self.min_radius, self.max_radius, self.max_phase = min_radius, max_radius, max_phase
        self._drawn_nu: Tensor | None = None

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of B, C, D, ν, θ, γ and the bias."""
        width = self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (3 * width, input_size),
            "c_real": (width, width),
            "c_imaginary": (width, width),
            "nu": (width,),
            "theta": (width,),
            "gamma": (width,),
        }
        return shapes | ({"bias": (width,)} if self.has_bias else {})

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the paper's start of every weight; γ is that for the ν drawn just before."""
        width = self.hidden_size
        match name:
            case "weight_ih":
                value = torch.randn(shape) / math.sqrt(shape[1])
                value[: 2 * width] /= math.sqrt(2)  # a complex number has two parts
                return value
            case "c_real" | "c_imaginary":
                return torch.randn(shape) / math.sqrt(width)
            case "nu":
                least, most = self.min_radius**2, self.max_radius**2
                square = torch.rand(shape) * (most - least) + least
                self._drawn_nu = (-0.5 * square.clamp(1e-6, 1 - 1e-6).log()).log()
                return self._drawn_nu
            case "theta":
                return (self.max_phase * torch.rand(shape).clamp(min=1e-6)).log()
            case "gamma":
                assert self._drawn_nu is not None, "nu comes before gamma"
                radius = (-self._drawn_nu.exp()).exp()
                return 0.5 * (1 - radius**2).log()
            case _:
                return torch.zeros(shape)

    def initial_state(self, batch_size: int, like: Tensor) -> LruState:
        """Returns zeros, (B, H) each."""
        zeros = like.new_zeros(batch_size, self.hidden_size)
        return LruState(zeros, zeros.clone())

    def eigenvalues(self, weights: Weights) -> tuple[Tensor, Tensor]:
        """Returns the real and the imaginary part of λ, (H,) each."""
        radius, phase = (-weights["nu"].exp()).exp(), weights["theta"].exp()
        return radius * phase.cos(), radius * phase.sin()

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns λ (H,) and exp(γ) ⊙ (B x) (..., H), both complex."""
        real, imaginary, _ = projected.chunk(3, dim=-1)
        scale = weights["gamma"].exp()
        added = torch.complex(scale * real, scale * imaginary)
        return torch.complex(*self.eigenvalues(weights)), added

    def merge(self, state: LruState) -> Tensor:
        """Returns the state as complex numbers, (B, H)."""
        return torch.complex(state.real, state.imaginary)

    def split(self, hidden: Tensor, state: LruState) -> LruState:
        """Returns complex numbers (B, H) as a state."""
        return LruState(hidden.real.contiguous(), hidden.imag.contiguous())

    def read(self, weights: Weights, projected: Tensor, hidden: Tensor) -> Tensor:
        """Returns y of complex states (..., H)."""
        return self._read(weights, projected, hidden.real, hidden.imag)

    def step(self, weights: Weights, projected: Tensor, state: LruState) -> tuple[Tensor, LruState]:
        """Projected input (B, 3H) and a state to the output (B, H) and the next state."""
        turn, twist = self.eigenvalues(weights)
        real, imaginary, _ = projected.chunk(3, dim=-1)
        scale = weights["gamma"].exp()
        after = LruState(
            turn * state.real - twist * state.imaginary + scale * real,
            twist * state.real + turn * state.imaginary + scale * imaginary,
        )
        return self._read(weights, projected, after.real, after.imaginary), after

    def _read(self, weights: Weights, projected: Tensor, real: Tensor, imaginary: Tensor) -> Tensor:
        direct = projected.chunk(3, dim=-1)[2]
        outputs = linear(real, weights["c_real"], weights.get("bias"))
        return outputs - linear(imaginary, weights["c_imaginary"]) + direct
