"""The gates of an LSTM, which several variants share."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, LstmState, Weights


class AbstractLstmCell(GatedCell[LstmState]):
    """The base of cells with the four gates of the LSTM, of which ``step`` makes another state.

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate

    x is the input (B, F), h the hidden state (B, H), c the cell state (B, H), σ the logistic
    function. The gates lie one after the other, i f g o, in ``weight_ih`` (4H, F), ``weight_hh``
    (4H, H), ``bias_ih`` and ``bias_hh`` (4H,), as in ``torch.nn.LSTM``.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    gates = 4
    state_type = LstmState

    def gate_values(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Projected input (B, 4H) and a state to the gates i, f, g and o, (B, H) each."""
        sums = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        i, f, g, o = sums.chunk(4, dim=1)  # (B, H) each
        return (
            self.gate("input", i.sigmoid()),
            self.gate("forget", f.sigmoid()),
            self.gate("candidate", g.tanh()),
            self.gate("output", o.sigmoid()),
        )
