"""The sLSTM, the part of xLSTM whose heads see their own state."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import AbstractCell, Weights
from zoo_matrix.configs import ForgetGate
from zoo_matrix.forget_gate import forget_biases, log_forget


@final
class SlstmState(NamedTuple):
    """The state of an sLSTM, in the scale e^-m.

    Args:
        hidden: h, (B, H).
        cell: c e^-m, (B, H).
        normalizer: n e^-m, (B, H); 0 before the first step, and at least 1 after it.
        stabilizer: m, (B, H).
    """

    hidden: Tensor
    cell: Tensor
    normalizer: Tensor
    stabilizer: Tensor


@final
class SlstmCell(AbstractCell[SlstmState]):
    """The LSTM with an exponential input gate and recurrent weights within its heads alone.

        i = exp(W_i x + R_i h + b_i)            input gate
        f = σ(W_f x + R_f h + b_f)              forget gate; exp in the place of σ if exponential
        z = tanh(W_z x + R_z h + b_z)           candidate
        o = σ(W_o x + R_o h + b_o)              output gate
        c' = f ⊙ c + i ⊙ z                      cell state
        n' = f ⊙ n + i                          normalizer
        h' = o ⊙ c' / n'

    x is the input (B, F), h the hidden state (B, H) and the output, c, n, i, f, z and o (B, H), σ
    the logistic function, ⊙ the element-wise product. The gates lie one after the other, i f z o,
    in ``weight_ih`` (4H, F) and ``bias_ih`` (4H,). Each R is block-diagonal, with one block for
    each of the N heads: ``recurrent`` is (4, N, D, D), from the last axis to the one before it,
    with D = H / N.

    As i has no upper bound, c and n are stored in the scale e^-m, with which no power is above 1:

        m' = max(log f + m, log i)
        c' e^-m' = f e^(m - m') ⊙ c e^-m + i e^-m' ⊙ z

    and likewise n; h' does not depend on m. At the first step, where n is 0, m' = log i. What
    ``zoo inspect`` shows as input and forget gate is i e^-m' and f e^(m - m').

    Source: Beck et al. (2024), xLSTM: Extended Long Short-Term Memory, equations 8 to 18. The
    forget gates start from σ(3) to σ(6) within each head.

    Args:
        hidden_size: H.
        num_heads: N.
        forget_gate: ``sigmoid`` or ``exponential``.
        bias: Whether the cell has biases.
    """

    name = "slstm"

    def __init__(
        self,
        hidden_size: int,
        num_heads: int = 1,
        forget_gate: ForgetGate = "sigmoid",
        bias: bool = True,
    ) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.num_heads, self.has_bias = num_heads, bias
        self.has_exponential_forget = forget_gate == "exponential"

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the weights and the bias."""
        width, block = 4 * self.hidden_size, self.hidden_size // self.num_heads
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (width, input_size),
            "recurrent": (4, self.num_heads, block, block),
        }
        return shapes | ({"bias_ih": (width,)} if self.has_bias else {})

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns biases whose forget gates start nearly open."""
        if name != "bias_ih":
            return None
        width = self.hidden_size
        value = torch.empty(shape).uniform_(-(width**-0.5), width**-0.5)
        ramp = forget_biases(width // self.num_heads, self.has_exponential_forget)
        value[width : 2 * width] = ramp.repeat(self.num_heads)
        return value

    def initial_state(self, batch_size: int, like: Tensor) -> SlstmState:
        """Returns zeros, (B, H) each."""
        return SlstmState(*(like.new_zeros(batch_size, self.hidden_size) for _ in range(4)))

    def last_output(self, state: SlstmState) -> Tensor:
        """Returns the hidden state."""
        return state.hidden

    def step(
        self, weights: Weights, projected: Tensor, state: SlstmState
    ) -> tuple[Tensor, SlstmState]:
        """Projected input (B, 4H) and a state to the output (B, H) and the next state."""
        block = self.hidden_size // self.num_heads
        heads = state.hidden.reshape(state.hidden.shape[0], self.num_heads, block)  # (B, N, D)
        recurrent = torch.einsum("gnij,bnj->bgni", weights["recurrent"], heads)
        log_i, f, z, o = (projected + recurrent.flatten(1)).to(state.cell.dtype).chunk(4, dim=1)
        kept = log_forget(f, self.has_exponential_forget) + state.stabilizer
        kept = torch.where(state.normalizer == 0, -torch.inf, kept)  # nothing before the first step
        stabilizer = torch.maximum(kept, log_i)
        i = self.gate("input", (log_i - stabilizer).exp())
        f = self.gate("forget", (kept - stabilizer).exp())
        z, o = self.gate("candidate", z.tanh()), self.gate("output", o.sigmoid())
        cell, normalizer = f * state.cell + i * z, f * state.normalizer + i
        hidden = o * cell / normalizer
        return hidden, SlstmState(hidden, cell, normalizer, stabilizer)
