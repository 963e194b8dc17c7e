"""The GRU cell, its gates written out."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn.cell import AbstractCell, Weights, gate_shapes, project
from zoo_core.runtime.nn.state import HiddenState


@final
class GruCell(AbstractCell[HiddenState]):
    """The gated recurrent unit, with the reset gate in either of its two places.

        r = σ(W_ir x + b_ir + W_hr h + b_hr)                reset gate
        z = σ(W_iz x + b_iz + W_hz h + b_hz)                update gate
        n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))       candidate, reset_after
        n = tanh(W_in x + b_in + W_hn (r ⊙ h) + b_hn)       candidate, as in the paper
        h' = (1 - z) ⊙ n + z ⊙ h

    x is the input (B, F), h the hidden state (B, H), h' the next one and the output, σ the
    logistic function, ⊙ the product element by element. The three gates lie one after the other,
    r z n, in ``weight_ih`` (3H, F), ``weight_hh`` (3H, H), ``bias_ih`` and ``bias_hh`` (3H,), as
    in ``torch.nn.GRU``, which knows ``reset_after`` only.

    Source: Cho et al. (2014), with the reset gate before the product.

    Args:
        hidden_size: H.
        bias: Whether the biases are there.
        reset_after: Whether the reset gate comes after the product with W_hn.
    """

    def __init__(self, hidden_size: int, bias: bool = True, reset_after: bool = True) -> None:
        self.name = "gru" if reset_after else "gru-reset-before"
        self.hidden_size = self.output_size = hidden_size
        self.bias = bias
        self.reset_after = reset_after

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (3H, F), ``weight_hh`` (3H, H), ``bias_ih`` and ``bias_hh`` (3H,)."""
        return gate_shapes(3, self.hidden_size, input_size, self.bias)

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Zeros (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_ih x + b_ih: (B, T, F) to (B, T, 3H)."""
        return project(inputs, weights["weight_ih"], weights.get("bias_ih"))

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """(B, 3H) and a state to the output (B, H) and the next state."""
        x_r, x_z, x_n = projected.chunk(3, dim=1)  # (B, H) each
        weight, bias = weights["weight_hh"], weights.get("bias_hh")
        if self.reset_after:
            h_r, h_z, h_n = linear(state.hidden, weight, bias).chunk(3, dim=1)
            candidate = (x_n + (x_r + h_r).sigmoid() * h_n).tanh()
        else:
            w_r, w_z, w_n = weight.chunk(3)
            b_r, b_z, b_n = (None, None, None) if bias is None else bias.chunk(3)
            h_z = linear(state.hidden, w_z, b_z)
            reset = (x_r + linear(state.hidden, w_r, b_r)).sigmoid()
            candidate = (x_n + linear(reset * state.hidden, w_n, b_n)).tanh()
        update = (x_z + h_z).sigmoid()
        hidden = (1 - update) * candidate + update * state.hidden
        return hidden, HiddenState(hidden)
