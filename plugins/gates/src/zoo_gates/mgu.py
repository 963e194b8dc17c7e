"""The minimal gated unit."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class MguCell(GatedCell[HiddenState]):
    """A GRU whose one gate both resets and updates.

        f = σ(W_if x + b_if + W_hf h + b_hf)                forget gate
        n = tanh(W_in x + b_in + W_hn (f ⊙ h) + b_hn)       candidate
        h' = (1 - f) ⊙ h + f ⊙ n

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, σ
    the logistic function, ⊙ the element-wise product. Gate and candidate lie one after the other,
    f n, in ``weight_ih`` (2H, F), ``weight_hh`` (2H, H), ``bias_ih`` and ``bias_hh`` (2H,).

    Source: Zhou et al. (2016), Minimal Gated Unit for Recurrent Neural Networks.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "mgu"
    gates = 2

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, 2H) and a state to the output (B, H) and the next state."""
        x_f, x_n = projected.chunk(2, dim=1)  # (B, H) each
        w_f, w_n = weights["weight_hh"].chunk(2)
        bias = weights.get("bias_hh")
        b_f, b_n = (None, None) if bias is None else bias.chunk(2)
        forget = self.gate("forget", (x_f + linear(state.hidden, w_f, b_f)).sigmoid())
        recurrent = linear(forget * state.hidden, w_n, b_n)
        candidate = self.gate("candidate", (x_n + recurrent).tanh())
        hidden = (1 - forget) * state.hidden + forget * candidate
        return hidden, HiddenState(hidden)
