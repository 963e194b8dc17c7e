"""The two LSTMs that are regularised by noise within a step: zoneout and recurrent dropout."""

from __future__ import annotations

import copy
from typing import Self, final

import torch
from torch import Tensor
from torch.nn.functional import dropout

from zoo_core.runtime.nn import LstmState, Weights
from zoo_gates.lstm_gates import AbstractLstmCell


class AbstractNoisyLstmCell(AbstractLstmCell):
    """The base of LSTMs whose step is another one in training.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.

    Attributes:
        draws: Whether a step draws random numbers.
    """

    draws = False

    def in_training(self) -> Self:
        """Returns the cell that draws."""
        cell = copy.copy(self)
        cell.draws = True
        return cell


@final
class ZoneoutLstmCell(AbstractNoisyLstmCell):
    """The LSTM some of whose units keep their state from the step before.

        c* = f ⊙ c + i ⊙ g
        c' = d_c ⊙ c + (1 - d_c) ⊙ c*
        h' = d_h ⊙ h + (1 - d_h) ⊙ (o ⊙ tanh(c*))

    The gates i, f, g and o, and the layout of their weights, are those of AbstractLstmCell; ⊙ is
    the element-wise product. In training, d_c and d_h (B, H) are 1 with probability z_c and z_h and
    else 0, drawn anew at every step. In evaluation they are z_c and z_h.

    Source: Krueger et al. (2017), Zoneout: Regularizing RNNs by Randomly Preserving Hidden
    Activations.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
        zoneout_cell: z_c.
        zoneout_hidden: z_h.
    """

    name = "zoneout-lstm"

    def __init__(
        self,
        hidden_size: int,
        bias: bool = True,
        zoneout_cell: float = 0.0,
        zoneout_hidden: float = 0.0,
    ) -> None:
        super().__init__(hidden_size, bias)
        self.zoneout_cell, self.zoneout_hidden = zoneout_cell, zoneout_hidden

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 4H) and a state to the output (B, H) and the next state."""
        i, f, g, o = self.gate_values(weights, projected, state)
        new_cell = f * state.cell + i * g
        cell = self._mix(state.cell, new_cell, self.zoneout_cell)
        hidden = self._mix(state.hidden, o * new_cell.tanh(), self.zoneout_hidden)
        return hidden, LstmState(hidden, cell)

    def _mix(self, old: Tensor, new: Tensor, probability: float) -> Tensor:
        """Returns the old value where a unit keeps it, or the mean in evaluation, (B, H)."""
        if self.draws:
            return torch.where(torch.rand_like(new) < probability, old, new)
        return probability * old + (1 - probability) * new


@final
class RecurrentDropoutLstmCell(AbstractNoisyLstmCell):
    """The LSTM that drops candidates, so that what it remembers is never dropped.

        c' = f ⊙ c + i ⊙ m ⊙ g
        h' = o ⊙ tanh(c')

    The gates i, f, g and o, and the layout of their weights, are those of AbstractLstmCell; ⊙ is
    the element-wise product. In training, m (B, H) is 0 with probability p and else 1 / (1 - p),
    drawn anew at every step. In evaluation it is 1.

    Source: Semeniuta, Severyn & Barth (2016), Recurrent Dropout without Memory Loss, with masks per
    step; the scale is applied in training instead of evaluation.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
        recurrent_dropout: p.
    """

    name = "recurrent-dropout-lstm"

    def __init__(self, hidden_size: int, bias: bool = True, recurrent_dropout: float = 0.0) -> None:
        super().__init__(hidden_size, bias)
        self.recurrent_dropout = recurrent_dropout

    def step(
        self, weights: Weights, projected: Tensor, state: LstmState
    ) -> tuple[Tensor, LstmState]:
        """Projected input (B, 4H) and a state to the output (B, H) and the next state."""
        i, f, g, o = self.gate_values(weights, projected, state)
        g = dropout(g, self.recurrent_dropout, training=self.draws)
        cell = f * state.cell + i * g
        hidden = o * cell.tanh()
        return hidden, LstmState(hidden, cell)
