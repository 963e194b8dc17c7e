"""The LSTM with layer normalization."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import layer_norm, linear

from zoo_core.runtime.nn import GatedCell, LstmState, Weights

EPSILON = 1e-5
"""What is added to a variance before its root divides; the paper has none."""


@final
class LayerNormLstmCell(GatedCell[LstmState]):
    """The LSTM whose sums and cell state are normalized.

        (i f g o) = LN(W_ih x; α_ih) + LN(W_hh h; α_hh) + b
        c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g)
        h' = σ(o) ⊙ tanh(LN(c'; α_c) + b_c)
        LN(z; α) = α ⊙ (z - μ) / √(v + ε), where μ and v are the mean and the variance of z

    x is the input (B, F), h the hidden state (B, H), c the cell state (B, H), σ the logistic
    function, ⊙ the element-wise product, ε = 1e-5. Each sum is normalized over all of its 4H
    numbers. The gates lie one after the other, i f g o, in ``weight_ih`` (4H, F), ``weight_hh``
    (4H, H), the gains ``gain_ih`` and ``gain_hh`` (4H,), and ``bias`` (4H,), which is the sum of
    the paper's three. ``gain_cell`` and ``bias_cell`` are (H,). Gains start at 1, biases at 0.

    Source: Ba, Kiros & Hinton (2016), Layer Normalization, supplementary material.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "layer-norm-lstm"
    gates = 4
    state_type = LstmState

    def __init__(self, hidden_size: int, bias: bool = True) -> None:
        super().__init__(hidden_size, bias)
        self.has_bias = bias

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the weights, the gains and the biases."""
        width, hidden = 4 * self.hidden_size, self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (width, input_size),
            "weight_hh": (width, hidden),
            "gain_ih": (width,),
            "gain_hh": (width,),
            "gain_cell": (hidden,),
        }
        return shapes | ({"bias": (width,), "bias_cell": (hidden,)} if self.has_bias else {})

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns ones for gains and zeros for biases."""
        if name.startswith("gain"):
            return torch.ones(shape)
        return torch.zeros(shape) if name.startswith("bias") else None

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Computes LN(W_ih x) + b: (B, T, F) or tokens (B, T) to (B, T, 4H)."""
        projected = super().project({"weight_ih": weights["weight_ih"]}, inputs)
        return layer_norm(
            projected, projected.shape[-1:], weights["gain_ih"], weights.get("bias"), EPSILON
        )

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 4H) and a state to the output (B, H) and the next state."""
        recurrent = linear(state.hidden, weights["weight_hh"])
        sums = projected + layer_norm(
            recurrent, recurrent.shape[-1:], weights["gain_hh"], None, EPSILON
        )
        i, f, g, o = sums.chunk(4, dim=1)  # (B, H) each
        i, f = self.gate("input", i.sigmoid()), self.gate("forget", f.sigmoid())
        g, o = self.gate("candidate", g.tanh()), self.gate("output", o.sigmoid())
        cell = f * state.cell + i * g
        normalized = layer_norm(
            cell, cell.shape[-1:], weights["gain_cell"], weights.get("bias_cell"), EPSILON
        )
        hidden = o * normalized.tanh()
        return hidden, LstmState(hidden, cell)
