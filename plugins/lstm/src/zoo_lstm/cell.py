"""The LSTM cell, its gates written out."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear
from zoo_core.runtime.cell import AbstractCell, Weights, gate_shapes
from zoo_core.runtime.state import LstmState


@final
class LstmCell(AbstractCell[LstmState]):
    """Long short-term memory with a forget gate.

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    x is the input (B, F), h the hidden state (B, H), c the cell state (B, H), σ the logistic
    function, ⊙ the product element by element. The four gates lie one after the other, i f g o,
    in ``weight_ih`` (4H, F), ``weight_hh`` (4H, H), ``bias_ih`` and ``bias_hh`` (4H,), as in
    ``torch.nn.LSTM``.

    Source: Hochreiter & Schmidhuber (1997); forget gate: Gers, Schmidhuber & Cummins (2000).

    Args:
        hidden_size: H.
        bias: Whether the biases are there.
    """

    name = "lstm"

    def __init__(self, hidden_size: int, bias: bool = True) -> None:
        self.hidden_size = hidden_size
        self.bias = bias

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (4H, F), ``weight_hh`` (4H, H), ``bias_ih`` and ``bias_hh`` (4H,)."""
        return gate_shapes(4, self.hidden_size, input_size, self.bias)

    def initial_state(self, batch_size: int, like: Tensor) -> LstmState:
        """Zeros, twice (B, H)."""
        zeros = like.new_zeros(batch_size, self.hidden_size)
        return LstmState(hidden=zeros, cell=zeros)

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_ih x + b_ih: (B, T, F) to (B, T, 4H)."""
        return linear(inputs, weights["weight_ih"], weights.get("bias_ih"))

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """(B, 4H) and a state to the output (B, H) and the next state."""
        gates = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        i, f, g, o = gates.chunk(4, dim=1)  # (B, H) each
        cell = f.sigmoid() * state.cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        return hidden, LstmState(hidden, cell)
