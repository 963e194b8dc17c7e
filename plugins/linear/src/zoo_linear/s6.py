"""The selective state space of Mamba."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import linear, silu, softplus

from zoo_core.runtime.nn import Weights
from zoo_linear.window_cell import AbstractWindowCell

MIN_STEP, MAX_STEP = 0.001, 0.1
"""The Δ of an average input at the start, drawn on a logarithmic scale."""


@final
class S6State(NamedTuple):
    """The state of an S6.

    Args:
        states: N numbers for each of E channels, (B, E, N).
        recent: The last K - 1 inputs of the convolution, the latest last, (B, K - 1, E).
    """

    states: Tensor
    recent: Tensor


@final
class S6Cell(AbstractWindowCell[S6State]):
    """The selective state space (S6) with what surrounds it in a block of Mamba.

        u = W_u x + b_u,  z = W_z x + b_z           two branches
        v = SiLU(Σ_k w_k ⊙ u_{t-k} + b_w)           convolution, k from 0 to K - 1
        Δ = softplus(W_Δ (W_δ v) + b_Δ)             step size
        B = W_B v,  C = W_C v                       what is written and read
        a = exp(Δ A)                                between 0 and 1
        s' = a ⊙ s + Δ v Bᵀ
        y = s' C + D ⊙ v
        h = W_o (y ⊙ SiLU(z)) + b_o

    With negative eigenvalues, a = 2 exp(Δ A) - 1, between -1 and 1.

    x is the input (B, F), u, z, v, Δ and y are (B, E), B and C (B, N), the state s is (B, E, N), h
    the output (B, H), A = -exp(log_decay) (E, N), ⊙ the element-wise product, a one number for each
    channel and state. The convolution is causal: before the first step, u is zeros.

    ``weight_ih`` (2E, F) holds W_u and W_z, ``convolution`` (E, K) and ``convolution_bias`` (E,)
    the w, the latest input last, ``weight_select`` (R + 2N, E) W_δ, W_B and W_C, ``weight_step``
    (E, R) and ``bias_step`` (E,) W_Δ and b_Δ, ``skip`` (E,) D, and ``weight_out`` (H, E) W_o.
    ``bias_ih`` (2E,) and ``bias_out`` (H,) are the other biases, which Mamba does not have by
    default. Its normalization and its residual connection belong to a layer, not to this cell.

    A is discretised exactly, B by Euler's rule, as in the authors' code; A starts at -1 to -N.

    Source: Gu & Dao (2023), Mamba: Linear-Time Sequence Modeling with Selective State Spaces;
    the negative eigenvalues are those of Grazzi et al. (2025), Unlocking State-Tracking in Linear
    RNNs Through Negative Eigenvalues.

    Args:
        hidden_size: H.
        state_size: N.
        expansion: E / H.
        window: K, at least 2.
        rank: R; None for H / 16, rounded up.
        bias: Whether the two linear maps have biases.
        negative_eigenvalues: Whether a lies in (-1, 1) in the place of (0, 1).
    """

    name = "s6"

    def __init__(
        self,
        hidden_size: int,
        state_size: int = 16,
        expansion: int = 2,
        window: int = 4,
        rank: int | None = None,
        bias: bool = False,
        negative_eigenvalues: bool = False,
    ) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.state_size, self.window = state_size, window
        self.channels = expansion * hidden_size
        self.rank = rank or -(-hidden_size // 16)
        self.has_bias = bias
        self.negative_eigenvalues = negative_eigenvalues

    @property
    def scan_width(self) -> int:
        """The numbers of a state, E · N."""
        return self.channels * self.state_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the weights."""
        channels, states, width = self.channels, self.state_size, self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (2 * channels, input_size),
            "convolution": (channels, self.window),
            "convolution_bias": (channels,),
            "weight_select": (self.rank + 2 * states, channels),
            "weight_step": (channels, self.rank),
            "bias_step": (channels,),
            "log_decay": (channels, states),
            "skip": (channels,),
            "weight_out": (width, channels),
        }
        biases: dict[str, tuple[int, ...]] = {"bias_ih": (2 * channels,), "bias_out": (width,)}
        return shapes | (biases if self.has_bias else {})

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the authors' start of every weight."""
        match name:
            case "convolution" | "convolution_bias":
                return _uniform(shape, self.window)
            case "bias_step":
                spread = math.log(MAX_STEP / MIN_STEP)
                step = (torch.rand(shape) * spread + math.log(MIN_STEP)).exp()
                return step.expm1().log()  # the inverse of softplus
            case "log_decay":
                return torch.arange(1.0, shape[1] + 1).log().expand(shape)
            case "skip":
                return torch.ones(shape)
            case "bias_ih" | "bias_out":
                return torch.zeros(shape)
            case _:
                return _uniform(shape, shape[1])

    def initial_state(self, batch_size: int, like: Tensor) -> S6State:
        """Returns zeros, (B, E, N) and (B, K - 1, E)."""
        return S6State(
            like.new_zeros(batch_size, self.channels, self.state_size),
            like.new_zeros(batch_size, self.window - 1, self.channels),
        )

    def kept(self, projected: Tensor) -> Tensor:
        """Returns u of projected inputs (..., 2E), (..., E)."""
        return projected[..., : self.channels]

    def convolve(self, weights: Weights, projected: Tensor, earlier: Sequence[Tensor]) -> Tensor:
        """Returns v, z, Δ, B and C, one after the other, (..., 3E + 2N)."""
        u, z = projected.chunk(2, dim=-1)
        taps = weights["convolution"].flip(1).unbind(1)  # w_0 first
        sums = weights["convolution_bias"] + taps[0] * u
        for tap, before in zip(taps[1:], earlier, strict=True):
            sums = sums + tap * before
        v = silu(sums)
        selected = linear(v, weights["weight_select"])
        low, selected = torch.split(selected, [self.rank, 2 * self.state_size], dim=-1)
        step = softplus(linear(low, weights["weight_step"], weights["bias_step"]))
        return torch.cat([v, z, self.gate("step", step), selected], dim=-1)

    def recent(self, state: S6State) -> Tensor:
        """Returns the last inputs of the convolution, (B, K - 1, E)."""
        return state.recent

    def remember(self, state: S6State, recent: Tensor) -> S6State:
        """Returns the state with other inputs of the convolution, (B, K - 1, E)."""
        return state._replace(recent=recent)

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a and Δ v Bᵀ of v, z, Δ, B and C, (..., E · N) each."""
        v, _, step, written, _ = self._parts(projected)
        decay = (step.unsqueeze(-1) * -weights["log_decay"].exp()).exp()
        if self.negative_eigenvalues:
            decay = 2 * decay - 1
        added = (step * v).unsqueeze(-1) * written.unsqueeze(-2)
        return decay.flatten(-2), added.flatten(-2)

    def merge(self, state: S6State) -> Tensor:
        """Returns s, (B, E · N)."""
        return state.states.flatten(1)

    def split(self, hidden: Tensor, state: S6State) -> S6State:
        """Returns the state with another s, given as (B, E · N)."""
        return state._replace(states=hidden.view(-1, self.channels, self.state_size))

    def read(self, weights: Weights, projected: Tensor, hidden: Tensor) -> Tensor:
        """Returns h of v, z, Δ, B and C, and of s' (..., E · N)."""
        v, z, _, _, asked = self._parts(projected)
        states = hidden.view(*hidden.shape[:-1], self.channels, self.state_size)
        y = (states @ asked.unsqueeze(-1)).squeeze(-1) + weights["skip"] * v
        return linear(
            y * self.gate("output", silu(z)), weights["weight_out"], weights.get("bias_out")
        )

    def _parts(self, seen: Tensor) -> tuple[Tensor, ...]:
        """Returns v, z, Δ (..., E) and B, C (..., N)."""
        return torch.split(seen, [*[self.channels] * 3, *[self.state_size] * 2], dim=-1)


def _uniform(shape: tuple[int, ...], inputs: int) -> Tensor:
    """Returns a draw from U(-1/√n, 1/√n), as torch's layers with n inputs start from."""
    return torch.empty(shape).uniform_(-(inputs**-0.5), inputs**-0.5)
