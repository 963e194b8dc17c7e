"""The LSTM with nothing but a forget gate."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear

from zoo_core.runtime.nn import GatedCell, HiddenState, Weights


@final
class JanetCell(GatedCell[HiddenState]):
    """JANET, "just another network": the LSTM with nothing but a forget gate.

        s = W_if x + b_if + W_hf h + b_hf
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)             candidate
        h' = σ(s) ⊙ h + (1 - σ(s - β)) ⊙ g                  σ(s) is the forget gate

    x is the input (B, F), h the hidden state (B, H), which is the cell state too, h' the next one
    and the output, σ the logistic function, ⊙ the element-wise product. Gate and candidate lie one
    after the other, f g, in ``weight_ih`` (2H, F), ``weight_hh`` (2H, H), ``bias_ih`` and
    ``bias_hh`` (2H,).

    With chrono initialization for memories of up to T steps, b_if starts at ln(u) with u uniform
    in [1, T - 1], and every other bias at 0.

    Source: van der Westhuizen & Lasenby (2018), The Unreasonable Effectiveness of the Forget Gate;
    chrono initialization: Tallec & Ollivier (2018), Can Recurrent Neural Networks Warp Time?

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
        beta: β.
        chrono_steps: T; None to draw the biases as torch does.
    """

    name = "janet"
    gates = 2

    def __init__(
        self,
        hidden_size: int,
        bias: bool = True,
        beta: float = 1.0,
        chrono_steps: int | None = None,
    ) -> None:
        super().__init__(hidden_size, bias)
        self.beta, self.chrono_steps = beta, chrono_steps

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the biases of chrono initialization."""
        if self.chrono_steps is None or not name.startswith("bias"):
            return None
        value = torch.zeros(shape)
        if name == "bias_ih":
            value[: self.hidden_size].uniform_(1, self.chrono_steps - 1).log_()
        return value

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, 2H) and a state to the output (B, H) and the next state."""
        sums = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        s, g = sums.chunk(2, dim=1)  # (B, H) each
        forget, g = self.gate("forget", s.sigmoid()), self.gate("candidate", g.tanh())
        taken = self.gate("input", 1 - (s - self.beta).sigmoid())
        hidden = forget * state.hidden + taken * g
        return hidden, HiddenState(hidden)
