"""The LSTM with peepholes."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, LstmState, Weights


@final
class PeepholeLstmCell(GatedCell[LstmState]):
    """The LSTM whose gates see the cell state.

        i = σ(W_ii x + b_ii + W_hi h + b_hi + p_i ⊙ c)      input gate
        f = σ(W_if x + b_if + W_hf h + b_hf + p_f ⊙ c)      forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)             candidate
        c' = f ⊙ c + i ⊙ g
        o = σ(W_io x + b_io + W_ho h + b_ho + p_o ⊙ c')     output gate
        h' = o ⊙ tanh(c')

    x is the input (B, F), h the hidden state (B, H), c the cell state (B, H), σ the logistic
    function, ⊙ the element-wise product. Each gate of a unit sees that unit's cell state alone:
    p_i, p_f and p_o are ``peephole_input``, ``peephole_forget`` and ``peephole_output`` (H,). The
    gates lie one after the other, i f g o, in ``weight_ih`` (4H, F), ``weight_hh`` (4H, H),
    ``bias_ih`` and ``bias_hh`` (4H,), as in ``torch.nn.LSTM``.

    Source: Gers & Schmidhuber (2000), Recurrent Nets that Time and Count, in the form of Graves
    (2013), Generating Sequences with Recurrent Neural Networks.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "peephole-lstm"
    gates = 4
    state_type = LstmState

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of GatedCell and of the peepholes."""
        names = ("peephole_input", "peephole_forget", "peephole_output")
        return super().parameter_shapes(input_size) | dict.fromkeys(names, (self.hidden_size,))

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 4H) and a state to the output (B, H) and the next state."""
        sums = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        i, f, g, o = sums.chunk(4, dim=1)  # (B, H) each
        i = self.gate("input", (i + weights["peephole_input"] * state.cell).sigmoid())
        f = self.gate("forget", (f + weights["peephole_forget"] * state.cell).sigmoid())
        g = self.gate("candidate", g.tanh())
        cell = f * state.cell + i * g
        o = self.gate("output", (o + weights["peephole_output"] * cell).sigmoid())
        hidden = o * cell.tanh()
        return hidden, LstmState(hidden, cell)
