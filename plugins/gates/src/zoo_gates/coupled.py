"""The LSTM with coupled input and forget gates."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, LstmState, Weights


@final
class CifgLstmCell(GatedCell[LstmState]):
    """The LSTM that forgets as much as it takes in.

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate
        f = 1 - i                                   forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    x is the input (B, F), h the hidden state (B, H), c the cell state (B, H), σ the logistic
    function, ⊙ the element-wise product. The gates lie one after the other, i g o, in ``weight_ih``
    (3H, F), ``weight_hh`` (3H, H), ``bias_ih`` and ``bias_hh`` (3H,).

    Source: Greff et al. (2017), LSTM: A Search Space Odyssey, variant CIFG; here without peepholes.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "cifg-lstm"
    gates = 3
    state_type = LstmState

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 3H) and a state to the output (B, H) and the next state."""
        sums = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        i, g, o = sums.chunk(3, dim=1)  # (B, H) each
        i, g = self.gate("input", i.sigmoid()), self.gate("candidate", g.tanh())
        o, f = self.gate("output", o.sigmoid()), self.gate("forget", 1 - i)
        cell = f * state.cell + i * g
        hidden = o * cell.tanh()
        return hidden, LstmState(hidden, cell)
