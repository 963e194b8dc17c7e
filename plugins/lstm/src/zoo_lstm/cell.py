"""The LSTM cell."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.errors import ConfigError
from zoo_core.runtime.nn import GatedCell, LstmState, Weights


@final
class LstmCell(GatedCell[LstmState]):
    """Long short-term memory with a forget gate.

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c'), or W_hr (o ⊙ tanh(c')) with a projection

    x is the input (B, F), h the hidden state (B, P), c the cell state (B, H), σ the logistic
    function, ⊙ the element-wise product. P is the width of the projection, or H without one. The
    gates lie one after the other, i f g o, in ``weight_ih`` (4H, F), ``weight_hh`` (4H, P),
    ``bias_ih`` and ``bias_hh`` (4H,). The projection is ``weight_hr`` (P, H). Names and layout are
    those of ``torch.nn.LSTM``.

    Source: Hochreiter & Schmidhuber (1997); forget gate: Gers, Schmidhuber & Cummins (2000);
    projection: Sak, Senior & Beaufays (2014).

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
        proj_size: P; 0 for no projection.

    Raises:
        ConfigError: ``proj_size`` is negative, or not smaller than ``hidden_size``.
    """

    name = "lstm"
    gates = 4
    state_type = LstmState

    def __init__(self, hidden_size: int, bias: bool = True, proj_size: int = 0) -> None:
        if proj_size < 0:
            raise ConfigError(f"model.proj_size = {proj_size}: expected an integer >= 0")
        if proj_size and proj_size >= hidden_size:
            raise ConfigError(
                f"model.proj_size = {proj_size}: expected < model.hidden_size = {hidden_size}"
            )
        super().__init__(hidden_size, bias)
        self.proj_size = proj_size
        self.output_size = proj_size or hidden_size

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of GatedCell, and of ``weight_hr`` with a projection."""
        shapes = super().parameter_shapes(input_size)
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        return shapes

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 4H) and a state to the output (B, P) and the next state."""
        gates = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        i, f, g, o = gates.chunk(4, dim=1)  # (B, H) each
        i, f = self.gate("input", i.sigmoid()), self.gate("forget", f.sigmoid())
        g, o = self.gate("candidate", g.tanh()), self.gate("output", o.sigmoid())
        cell = f * state.cell + i * g
        hidden = o * cell.tanh()
        if self.proj_size:
            hidden = linear(hidden, weights["weight_hr"])
        return hidden, LstmState(hidden, cell)
