"""The mLSTM, the part of xLSTM whose memory is a matrix."""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import Weights
from zoo_matrix.configs import ForgetGate
from zoo_matrix.forget_gate import forget_biases, log_forget
from zoo_matrix.matrix_cell import AbstractMatrixCell, apply, by_heads, join_chunks, outer

EXPONENTS = (-30.0, 80.0)
"""The range of -m in e^-m, below which no normalizer falls. Below the range e^-m is less than the
rounding of a normalizer; above it the output is zero in any case, and e^80 fits in float32."""


@final
class MlstmState(NamedTuple):
    """The state of an mLSTM, in the scale e^-m.

    Args:
        memory: Cᵀ e^-m, (B, N, K, D).
        normalizer: n e^-m, (B, N, K).
        stabilizer: m, (B, N).
    """

    memory: Tensor
    normalizer: Tensor
    stabilizer: Tensor


@final
class MlstmCell(AbstractMatrixCell[MlstmState]):
    """The LSTM with a matrix memory, an exponential input gate and no recurrent weights.

        q = W_q x + b_q                 query
        k = (W_k x + b_k) / √K          key
        v = W_v x + b_v                 value
        o = σ(W_o x + b_o)              output gate
        i = exp(w_i x + b_i)            input gate
        f = σ(w_f x + b_f)              forget gate; exp in the place of σ if it is exponential
        C' = f C + i v kᵀ               memory
        n' = f n + i k                  normalizer
        h' = o ⊙ C' q / max(|n'ᵀ q|, 1)

    x is the input (B, F), h' the output (B, H), σ the logistic function, ⊙ the element-wise
    product. All but x and h' are those of one head: q, k and n (B, K), v and o (B, D), C
    (B, D, K), i and f (B,). The parts lie one after the other, q k v o i f, in ``weight_ih``
    (G, F) and ``bias_ih`` (G,), G = N (2K + 2D + 2).

    As i has no upper bound, C and n are stored in the scale e^-m, with which no power is above 1:

        m' = max(log f + m, log i)
        C' e^-m' = f e^(m - m') C e^-m + i e^-m' v kᵀ

    and likewise n; the 1 in the output becomes e^-m'. No output depends on m. What
    ``zoo inspect`` shows as input and forget gate is i e^-m' and f e^(m - m'). The memory is
    stored transposed, (B, N, K, D).

    Source: Beck et al. (2024), xLSTM: Extended Long Short-Term Memory, equations 19 to 27, and
    appendix A for m. The forget gates start from σ(3) at the first head to σ(6) at the last, as
    in the authors' code.

    Args:
        hidden_size: H.
        num_heads: N.
        key_size: K; None for D.
        forget_gate: ``sigmoid`` or ``exponential``.
        bias: Whether the projections have biases.
    """

    name = "mlstm"

    def __init__(
        self,
        hidden_size: int,
        num_heads: int = 1,
        key_size: int | None = None,
        forget_gate: ForgetGate = "sigmoid",
        bias: bool = True,
    ) -> None:
        super().__init__(hidden_size, num_heads, key_size, bias)
        self.has_exponential_forget = forget_gate == "exponential"

    @property
    def widths(self) -> tuple[int, ...]:
        """K, K, D, D, 1, 1."""
        return (self.key_size, self.key_size, self.value_size, self.value_size, 1, 1)

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns biases whose forget gates start nearly open."""
        if name != "bias_ih":
            return None
        bound = self.hidden_size**-0.5
        value = torch.empty(shape).uniform_(-bound, bound)
        value[-self.num_heads :] = forget_biases(self.num_heads, self.has_exponential_forget)
        return value

    def initial_state(self, batch_size: int, like: Tensor) -> MlstmState:
        """Returns zeros."""
        return MlstmState(
            self.zeros(batch_size, like, self.key_size, self.value_size),
            self.zeros(batch_size, like, self.key_size),
            self.zeros(batch_size, like),
        )

    def activate(self, weights: Weights, parts: list[Tensor]) -> list[Tensor]:
        """Returns q, k, v, o, log i and log f."""
        q, k, v, o, i, f = parts
        return [
            q,
            k / math.sqrt(self.key_size),
            v,
            o.sigmoid(),
            i,
            log_forget(f, self.has_exponential_forget),
        ]

    def step(
        self, weights: Weights, projected: Tensor, state: MlstmState
    ) -> tuple[Tensor, MlstmState]:
        """Projected input (B, G) and a state to the output (B, H) and the next state."""
        parts = self.split(projected)
        q, k, v, _, log_i, log_f = parts
        log_i, kept = log_i.squeeze(-1), log_f.squeeze(-1) + state.stabilizer  # (B, N) each
        stabilizer = torch.maximum(kept, log_i)
        i = self.gate("input", (log_i - stabilizer).exp()).unsqueeze(-1)
        f = self.gate("forget", (kept - stabilizer).exp()).unsqueeze(-1)
        memory = f.unsqueeze(-1) * state.memory + outer(i * k, v)
        normalizer = f * state.normalizer + i * k
        least = _least_normalizer(stabilizer)
        total = torch.maximum((normalizer * q).sum(-1).abs(), least).unsqueeze(-1)
        hidden = self.read(weights, parts, apply(q, memory) / total)
        return hidden, MlstmState(memory, normalizer, stabilizer)

    def read(self, weights: Weights, parts: list[Tensor], values: Tensor) -> Tensor:
        """Returns o ⊙ values, (..., H)."""
        return (self.gate("output", parts[3]) * values).flatten(-2)

    def run_chunks(
        self, parts: list[Tensor], state: MlstmState, valid: Tensor | None, size: int
    ) -> tuple[Tensor, MlstmState]:
        """Computes all steps in chunks.

        With F the sum of log f from the start of a chunk to a step, a = log i - F, and m the
        stabilizer before the chunk, the memory after step t of the chunk is

            C_t = e^F_t (C + Σ_s≤t e^a_s v_s k_sᵀ)       m_t = F_t + max(m, max_s≤t a_s)

        so a chunk takes products of matrices in the place of a loop, and only C, n and m are
        carried from chunk to chunk. The normalizer is one more column of the memory, for which
        every value is 1.

        See AbstractMatrixCell for arguments and returns.
        """
        q, k, v, _, log_i, log_f = by_heads(parts, size)  # (B, N, C, L, width) each
        if valid is not None:  # i = 0 and f = 1 leave the state as it is
            (here,) = by_heads([valid[..., None, None]], size)
            log_i, log_f = torch.where(here, log_i, -torch.inf), torch.where(here, log_f, 0)
        v = torch.cat([v, torch.ones_like(v[..., :1])], dim=-1)
        decay = log_f.squeeze(-1).cumsum(-1)  # F, (B, N, C, L)
        gain = log_i.squeeze(-1) - decay  # a
        before, stabilizer = _stabilizers(decay[..., -1], gain.amax(-1), state.stabilizer)
        top = torch.maximum(before.unsqueeze(-1), gain.cummax(-1).values)  # m_t - F_t
        end = top[..., -1:]

        added = (k * (gain - end).exp().unsqueeze(-1)).transpose(-1, -2) @ v
        scale = (before - end.squeeze(-1)).exp()[..., None, None]  # (B, N, C, 1, 1)
        memory = torch.cat([state.memory, state.normalizer.unsqueeze(-1)], dim=-1)
        memories = []  # before each chunk, (B, N, K, D + 1) each
        for factor, new in zip(scale.unbind(2), added.unbind(2), strict=True):
            memories.append(memory)
            memory = factor * memory + new

        later = torch.ones(size, size, dtype=torch.bool, device=q.device).triu(1)
        exponents = gain.unsqueeze(-2) - top.unsqueeze(-1)  # (B, N, C, L, L)
        scores = q @ k.transpose(-1, -2) * exponents.masked_fill(later, -torch.inf).exp()
        old = (before.unsqueeze(-1) - top).exp().unsqueeze(-1) * (q @ torch.stack(memories, dim=2))
        sums = scores @ v + old
        least = _least_normalizer(decay + top).unsqueeze(-1)
        values = sums[..., :-1] / torch.maximum(sums[..., -1:].abs(), least)
        after = MlstmState(memory[..., :-1], memory[..., -1], stabilizer)
        return join_chunks(values), after


def _least_normalizer(stabilizer: Tensor) -> Tensor:
    """Returns e^-m, the 1 of the equations in the scale of the state."""
    return (-stabilizer).clamp(*EXPONENTS).exp()


def _stabilizers(decay: Tensor, gain: Tensor, stabilizer: Tensor) -> tuple[Tensor, Tensor]:
    """Returns m before every chunk, (B, N, C), and after the last one, (B, N).

    Args:
        decay: F at the end of every chunk, (B, N, C).
        gain: The largest a of every chunk, (B, N, C).
        stabilizer: m before the first chunk, (B, N).
    """
    before = []
    for total, largest in zip(decay.unbind(2), gain.unbind(2), strict=True):
        before.append(stabilizer)
        stabilizer = total + torch.maximum(stabilizer, largest)
    return torch.stack(before, dim=2), stabilizer
