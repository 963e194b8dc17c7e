"""Newton's method for recurrences whose units do not see each other's state.

The states of all steps solve the equations h_t = φ_t(h_{t-1}). Newton's method replaces φ_t by its
tangent at a guess, which leaves a linear recurrence, and a scan runs that. Its states are the next
guess. A few rounds lead to the rounding of the dtype, as the gates of these cells change slowly
with the state.

Source: Lim et al. (2024), Parallelizing Non-linear Sequential Models over the Sequence Length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import LinearScan

Advance: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Maps the states before all steps (B, T, N) to those after them and the derivatives."""

MAX_ROUNDS = 20
"""Rounds after which a batch is left to the loop over time."""


@final
class Newton(NamedTuple):
    """The equations of all steps.

    Args:
        advance: The recurrence.
        scan: Computes a linear recurrence.
        initial: The state before the first step, (B, N).
        starts: The steps before which the state becomes zeros, (B, T), bool.
        lengths: The number of valid steps of each row, (B,).
    """

    advance: Advance
    scan: LinearScan
    initial: Tensor
    starts: Tensor | None
    lengths: Tensor | None

    def solve(self, steps: int) -> Tensor | None:
        """Returns the states after all T steps, (B, T, N); None if the rounds do not converge.

        The gradient is that of one more round, in which the tangents are constants. At the
        solution it is the gradient of the recurrence; a gradient of this gradient is not.
        """
        with torch.no_grad():
            hidden = self.initial.new_zeros(len(self.initial), steps, self.initial.shape[1])
            for _ in range(MAX_ROUNDS):
                guess, hidden = hidden, self._round(hidden)
                if _is_close(hidden, guess):
                    break
            else:
                return None
        return self._round(hidden)

    def states_before(self, initial: Tensor, hidden: Tensor) -> Tensor:
        """Returns the states before all steps, given those after them, (B, T, N) each."""
        before = torch.cat([initial.unsqueeze(1), hidden[:, :-1]], dim=1)
        return before if self.starts is None else torch.where(self.starts.unsqueeze(2), 0, before)

    def _round(self, guess: Tensor) -> Tensor:
        """Returns the states (B, T, N) of the tangents at a guess of them."""
        before = self.states_before(self.initial.detach(), guess)
        after, slope = self.advance(before)
        slope = slope.detach()
        added = after - slope * before
        return self.scan(slope, added, self.initial, starts=self.starts, lengths=self.lengths)


def _is_close(states: Tensor, guess: Tensor) -> bool:
    """Whether one more round, which squares the error, leaves rounding alone."""
    tolerance = 0.1 * torch.finfo(states.dtype).eps ** 0.5
    return bool(((states - guess).abs() <= tolerance * (1 + states.abs())).all())
