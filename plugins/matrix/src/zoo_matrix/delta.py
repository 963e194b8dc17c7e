"""DeltaNet and gated DeltaNet, whose steps correct what a key reads by the delta rule."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import linear, silu, softplus

from zoo_core.runtime.nn import Weights
from zoo_matrix.matrix_cell import AbstractMatrixCell, apply, by_heads, join_chunks, outer

NORM_EPSILON = 1e-5
"""What is added to a mean square before its root divides, as in the authors' code."""
LENGTH_EPSILON = 1e-6
"""What is added to a squared length before its root divides, as in the authors' code."""
LARGEST_RATE = 16.0
DECAY_STEPS = (1e-3, 1e-1)
"""The range of softplus(δ) at the start."""


@final
class DeltaState(NamedTuple):
    """The state of DeltaNet and gated DeltaNet.

    Args:
        memory: Sᵀ, (B, N, K, D).
    """

    memory: Tensor


class AbstractDeltaCell(AbstractMatrixCell[DeltaState]):
    """The base of both: the delta rule, and how its memory is read.

    The parts of a projected input start with q k v β, in this order.

    Args:
        hidden_size: H.
        num_heads: N.
        key_size: K; None for D.
        negative_eigenvalues: Whether β lies in (0, 2) in the place of (0, 1).
        bias: Whether the projections have biases.
    """

    def __init__(
        self,
        hidden_size: int,
        num_heads: int = 1,
        key_size: int | None = None,
        negative_eigenvalues: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__(hidden_size, num_heads, key_size, bias)
        self.largest_beta = 2.0 if negative_eigenvalues else 1.0

    @abstractmethod
    def log_decay(self, parts: list[Tensor]) -> Tensor | None:
        """Returns log α of activated parts, (..., N, 1); None if α is 1."""

    @property
    def widths(self) -> tuple[int, ...]:
        """K, K, D, 1."""
        return (self.key_size, self.key_size, self.value_size, 1)

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the projections, the gains and the output matrix."""
        width = self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"gain": (self.value_size,), "output": (width, width)}
        return super().parameter_shapes(input_size) | shapes

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns ones for the gains."""
        return torch.ones(shape) if name == "gain" else None

    def initial_state(self, batch_size: int, like: Tensor) -> DeltaState:
        """Returns zeros."""
        return DeltaState(self.zeros(batch_size, like, self.key_size, self.value_size))

    def activate(self, weights: Weights, parts: list[Tensor]) -> list[Tensor]:
        """Returns q, k, v and β; further parts as they are."""
        q, k, v, beta, *others = parts
        beta = self.largest_beta * beta.sigmoid()
        return [_unit(silu(q)), _unit(silu(k)), silu(v), beta, *others]

    def read(self, weights: Weights, parts: list[Tensor], values: Tensor) -> Tensor:
        """Returns the outputs (..., H) of what the queries read, (..., N, D)."""
        return linear(self.normalize(weights, values).flatten(-2), weights["output"])

    def normalize(self, weights: Weights, values: Tensor) -> Tensor:
        """Returns γ ⊙ values / rms(values), (..., N, D)."""
        wide = _at_least_single(values)
        scale = (wide.square().mean(-1, keepdim=True) + NORM_EPSILON).rsqrt()
        return (wide * scale).to(values.dtype) * weights["gain"]

    def step(
        self, weights: Weights, projected: Tensor, state: DeltaState
    ) -> tuple[Tensor, DeltaState]:
        """Projected input (B, G) and a state to the output (B, H) and the next state."""
        parts = self.split(projected)
        q, k, v, beta, *_ = parts
        memory, log_decay = state.memory, self.log_decay(parts)
        if log_decay is not None:
            memory = self.gate("decay", log_decay.exp()).unsqueeze(-1) * memory
        correction = self.gate("beta", beta) * (v - apply(k, memory))
        memory = memory + outer(k, correction)
        return self.read(weights, parts, apply(q, memory)), DeltaState(memory)

    def run_chunks(
        self, parts: list[Tensor], state: DeltaState, valid: Tensor | None, size: int
    ) -> tuple[Tensor, DeltaState]:
        """Computes all steps in chunks.

        A step adds u_t k_tᵀ to α_t S, where u_t is β_t times what k_t reads too little. With g_t
        the product of α from the start of a chunk to step t, and S the memory before the chunk,

            S_t = g_t S + Σ_s≤t g_t / g_s u_s k_sᵀ
            u_t + β_t Σ_s<t g_t / g_s (k_s · k_t) u_s = β_t (v_t - g_t S k_t)

        so the corrections of a chunk are the solution of a triangular system, the WY
        representation of the product of its steps. The system is solved for all chunks at once,
        for β v and for β g k. Only S is carried from chunk to chunk.

        Source: Yang et al. (2024), Parallelizing Linear Transformers with the Delta Rule over
        Sequence Length; Yang, Kautz & Hatamizadeh (2024), Gated Delta Networks, for α.

        See AbstractMatrixCell for arguments and returns.
        """
        log_decay = self.log_decay(parts)
        q, k, v, beta = by_heads(parts[:4], size)  # (B, N, C, L, width) each
        if valid is not None:  # β = 0 and α = 1 leave the state as it is
            (here,) = by_heads([valid[..., None, None]], size)
            beta = torch.where(here, beta, 0)
        scores = (q @ k.transpose(-1, -2)).tril()  # (B, N, C, L, L)
        overlaps = (beta * (k @ k.transpose(-1, -2))).tril(-1)
        written, read, end = k, q, None
        keys = beta * k
        if log_decay is not None:
            (log_g,) = by_heads([log_decay], size)
            log_g = (log_g if valid is None else torch.where(here, log_g, 0)).cumsum(-2)
            later = torch.ones(size, size, dtype=torch.bool, device=q.device).triu(1)
            ratios = (log_g - log_g.transpose(-1, -2)).masked_fill(later, -torch.inf).exp()
            scores, overlaps = scores * ratios, overlaps * ratios
            last = log_g[..., -1:, :]
            written, end = k * (last - log_g).exp(), last.exp()
            read, keys = q * log_g.exp(), keys * log_g.exp()
        right = torch.cat([beta * v, keys], dim=-1)
        solved = torch.linalg.solve_triangular(overlaps, right, upper=False, unitriangular=True)
        values, weights = solved.split([self.value_size, self.key_size], dim=-1)

        memory = state.memory
        memories, corrections = [], []
        written = written.transpose(-1, -2)
        for chunk in range(q.shape[2]):
            memories.append(memory)
            correction = values[:, :, chunk] - weights[:, :, chunk] @ memory
            corrections.append(correction)
            kept = memory if end is None else end[:, :, chunk] * memory
            memory = kept + written[:, :, chunk] @ correction
        found = read @ torch.stack(memories, dim=2) + scores @ torch.stack(corrections, dim=2)
        return join_chunks(found), DeltaState(memory)


@final
class DeltaNetCell(AbstractDeltaCell):
    """DeltaNet: a key overwrites what it reads.

        q = ℓ(SiLU(W_q x))              query
        k = ℓ(SiLU(W_k x))              key
        v = SiLU(W_v x)                 value
        β = σ(w_β x)                    how much of what k reads is replaced
        S' = S + β (v - S k) kᵀ = S (I - β k kᵀ) + β v kᵀ
        y = W_y (γ ⊙ S' q / rms(S' q))

    x is the input (B, F), y the output (B, H), σ the logistic function, ℓ(z) = z / √(|z|² + 1e-6),
    rms(z) = √(mean of z² + 1e-5), ⊙ the element-wise product. q and k (B, K), v (B, D), β (B,) and
    the memory S (B, D, K) are those of one head; W_y multiplies what all heads read, one after the
    other. The parts lie one after the other, q k v β, in ``weight_ih`` (G, F) and ``bias_ih``
    (G,), G = N (2K + D + 1), which the paper does not have; W_y is ``output`` (H, H) and γ
    ``gain`` (D,). S is stored transposed, (B, N, K, D).

    As |k| = 1, the eigenvalues of I - β k kᵀ are 1 and 1 - β, which lies in [0, 1]. With negative
    eigenvalues, β = 2 σ(w_β x) and 1 - β lies in [-1, 1]: at β = 2 a step mirrors the memory, so
    that parities can be counted.

    Source: Schlag, Irie & Schmidhuber (2021), Linear Transformers Are Secretly Fast Weight
    Programmers, for the rule; Yang et al. (2024), Parallelizing Linear Transformers with the Delta
    Rule over Sequence Length, for activations and norms, without its short convolutions; Grazzi et
    al. (2024), Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues, for 2 σ.
    """

    name = "deltanet"

    def log_decay(self, parts: list[Tensor]) -> Tensor | None:
        """Returns None."""
        return None


@final
class GatedDeltaNetCell(AbstractDeltaCell):
    """Gated DeltaNet: the memory decays before a key overwrites what it reads.

        α = exp(-e^a softplus(w_α x + δ))   how much of the memory is kept
        S' = α S (I - β k kᵀ) + β v kᵀ
        y = W_y (γ ⊙ S' q / rms(S' q) ⊙ SiLU(W_g x))

    q, k, v, β, rms and all symbols are those of DeltaNetCell, and α (B,) is that of one head. The
    parts lie one after the other, q k v β α g, in ``weight_ih`` (G, F) and ``bias_ih`` (G,),
    G = N (2K + 2D + 2); a is ``log_rate`` (N,) and δ is ``decay_bias`` (N,). e^a starts uniform
    between 0 and 16, and softplus(δ) log-uniform between 0.001 and 0.1.

    Source: Yang, Kautz & Hatamizadeh (2024), Gated Delta Networks: Improving Mamba2 with Delta
    Rule, without its short convolutions; for the start of a and δ the authors' code.
    """

    name = "gated-deltanet"

    @property
    def widths(self) -> tuple[int, ...]:
        """K, K, D, 1, 1, D."""
        return (self.key_size, self.key_size, self.value_size, 1, 1, self.value_size)

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of DeltaNet's weights, a and δ."""
        shapes = super().parameter_shapes(input_size)
        return shapes | {"log_rate": (self.num_heads,), "decay_bias": (self.num_heads,)}

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the authors' start of a and δ, and ones for the gains."""
        match name:
            case "log_rate":
                return (LARGEST_RATE * torch.rand(shape)).clamp(min=NORM_EPSILON).log()
            case "decay_bias":
                low, high = map(math.log, DECAY_STEPS)
                step = (low + (high - low) * torch.rand(shape)).exp()
                return step + (-torch.expm1(-step)).log()  # the inverse of softplus
            case _:
                return super().initial_value(name, shape)

    def activate(self, weights: Weights, parts: list[Tensor]) -> list[Tensor]:
        """Returns q, k, v, β, log α and SiLU(W_g x)."""
        q, k, v, beta, decay, gate = super().activate(weights, parts)
        steps = softplus(decay + weights["decay_bias"].unsqueeze(-1))
        return [q, k, v, beta, -weights["log_rate"].exp().unsqueeze(-1) * steps, silu(gate)]

    def log_decay(self, parts: list[Tensor]) -> Tensor | None:
        """Returns log α."""
        return parts[4]

    def read(self, weights: Weights, parts: list[Tensor], values: Tensor) -> Tensor:
        """Returns the outputs (..., H) of what the queries read, (..., N, D)."""
        gated = self.normalize(weights, values) * self.gate("output", parts[5])
        return linear(gated.flatten(-2), weights["output"])


def _unit(vectors: Tensor) -> Tensor:
    """Returns vectors (..., K) of length 1; zeros stay zeros."""
    wide = _at_least_single(vectors)
    scale = (wide.square().sum(-1, keepdim=True) + LENGTH_EPSILON).rsqrt()
    return (wide * scale).to(vectors.dtype)


def _at_least_single(numbers: Tensor) -> Tensor:
    """Returns numbers in float32 or wider: the square of 256 is infinite in float16."""
    return numbers.to(torch.promote_types(numbers.dtype, torch.float32))
