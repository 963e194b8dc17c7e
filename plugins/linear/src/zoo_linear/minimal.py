"""The minimal GRU and the minimal LSTM, whose gates do not see the state."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.nn import Weights
from zoo_linear.configs import Candidate
from zoo_linear.linear_cell import AbstractRealCell


class AbstractMinimalCell(AbstractRealCell):
    """The base of both: how a candidate is made.

        φ(x) = x                                linear
        φ(x) = x + 0.5 if x ≥ 0, else σ(x)      positive

    The positive one is the paper's choice for training in the space of logarithms.

    Args:
        hidden_size: H.
        candidate: Which φ, ``linear`` or ``positive``.
        bias: Whether the cell has biases.
    """

    def __init__(
        self, hidden_size: int, candidate: Candidate = "linear", bias: bool = True
    ) -> None:
        super().__init__(hidden_size, bias)
        self.is_positive = candidate == "positive"

    def candidate(self, sums: Tensor) -> Tensor:
        """Returns φ of W_h x + b_h, (..., H)."""
        if self.is_positive:
            sums = torch.where(sums >= 0, sums + 0.5, sums.sigmoid())
        return self.gate("candidate", sums)


@final
class MinGruCell(AbstractMinimalCell):
    """The minimal GRU: no reset gate, and an update gate that does not see the state.

        z = σ(W_z x + b_z)              update gate
        n = φ(W_n x + b_n)              candidate
        h' = (1 - z) ⊙ h + z ⊙ n

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, σ
    the logistic function, φ that of AbstractMinimalCell, ⊙ the element-wise product. Gate and
    candidate lie one after the other, z n, in ``weight_ih`` (2H, F) and ``bias_ih`` (2H,).

    Source: Feng et al. (2024), Were RNNs All We Needed?
    """

    name = "min-gru"
    parts = 2

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns 1 - z and z ⊙ n, (..., H) each."""
        z, n = projected.chunk(2, dim=-1)
        update = self.gate("update", z.sigmoid())
        return 1 - update, update * self.candidate(n)


@final
class MinLstmCell(AbstractMinimalCell):
    """The minimal LSTM: no output gate, and gates that do not see the state and add up to 1.

        f = σ(W_f x + b_f)              forget gate
        i = σ(W_i x + b_i)              input gate
        n = φ(W_n x + b_n)              candidate
        h' = f / (f + i) ⊙ h + i / (f + i) ⊙ n

    x is the input (B, F), h the hidden state (B, H), h' the next hidden state and the output, σ
    the logistic function, φ that of AbstractMinimalCell, ⊙ the element-wise product. Gates and
    candidate lie one after the other, f i n, in ``weight_ih`` (3H, F) and ``bias_ih`` (3H,).

    Source: Feng et al. (2024), Were RNNs All We Needed?
    """

    name = "min-lstm"
    parts = 3

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns f / (f + i) and i / (f + i) ⊙ n, (..., H) each."""
        f, i, n = projected.chunk(3, dim=-1)
        f, i = self.gate("forget", f.sigmoid()), self.gate("input", i.sigmoid())
        total = f + i
        return f / total, i / total * self.candidate(n)
