"""The LSTM cell, its gates written out."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn.functional import linear

from zoo_core.errors import ConfigError
from zoo_core.runtime.nn.cell import AbstractCell, Weights, gate_shapes, project
from zoo_core.runtime.nn.state import LstmState


@final
class LstmCell(AbstractCell[LstmState]):
    """Long short-term memory with a forget gate.

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c'), or with a projection W_hr (o ⊙ tanh(c'))

    x is the input (B, F), h the hidden state (B, P), c the cell state (B, H), σ the logistic
    function, ⊙ the product element by element; P is H, or the width of the projection. The four
    gates lie one after the other, i f g o, in ``weight_ih`` (4H, F), ``weight_hh`` (4H, P),
    ``bias_ih`` and ``bias_hh`` (4H,), and the projection in ``weight_hr`` (P, H), as in
    ``torch.nn.LSTM``.

    Source: Hochreiter & Schmidhuber (1997); forget gate: Gers, Schmidhuber & Cummins (2000);
    projection: Sak, Senior & Beaufays (2014).

    Args:
        hidden_size: H.
        bias: Whether the biases are there.
        proj_size: P; 0 for no projection.

    Raises:
        ConfigError: The projection is not narrower than the cell.
    """

    name = "lstm"

    def __init__(self, hidden_size: int, bias: bool = True, proj_size: int = 0) -> None:
        if proj_size >= hidden_size:
            raise ConfigError(
                f"model.proj_size = {proj_size}: expected < model.hidden_size = {hidden_size}"
            )
        self.hidden_size = hidden_size
        self.output_size = proj_size or hidden_size
        self.bias = bias

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """``weight_ih`` (4H, F), ``weight_hh`` (4H, P), biases (4H,), ``weight_hr`` (P, H)."""
        shapes = gate_shapes(4, self.hidden_size, input_size, self.bias)
        if self.output_size == self.hidden_size:
            return shapes
        narrow = {"weight_hh": (4 * self.hidden_size, self.output_size)}
        return shapes | narrow | {"weight_hr": (self.output_size, self.hidden_size)}

    def initial_state(self, batch_size: int, like: Tensor) -> LstmState:
        """Zeros, (B, P) and (B, H)."""
        return LstmState(
            hidden=like.new_zeros(batch_size, self.output_size),
            cell=like.new_zeros(batch_size, self.hidden_size),
        )

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """W_ih x + b_ih: (B, T, F) to (B, T, 4H)."""
        return project(inputs, weights["weight_ih"], weights.get("bias_ih"))

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """(B, 4H) and a state to the output (B, P) and the next state."""
        gates = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        i, f, g, o = gates.chunk(4, dim=1)  # (B, H) each
        cell = f.sigmoid() * state.cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        if "weight_hr" in weights:
            hidden = linear(hidden, weights["weight_hr"])
        return hidden, LstmState(hidden, cell)
