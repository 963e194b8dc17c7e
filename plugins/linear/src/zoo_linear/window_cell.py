"""Linear cells that see a window of their inputs: a causal convolution before the recurrence."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from zoo_core.runtime.nn import Weights
from zoo_linear.linear_cell import AbstractLinearCell

S = TypeVar("S", bound=NamedTuple)


class AbstractWindowCell(AbstractLinearCell[S], Generic[S]):
    """A linear cell whose steps see the inputs of K - 1 earlier steps beside their own.

    What a step keeps of its input for later ones has the width W. The state holds the last K - 1
    of these vectors, so that a sequence in pieces gives what it gives whole. Before the first step
    they are zeros, as a convolution pads with.
    """

    @abstractmethod
    def kept(self, projected: Tensor) -> Tensor:
        """Returns what later steps see of projected inputs (..., G), (..., W)."""

    @abstractmethod
    def convolve(self, weights: Weights, projected: Tensor, earlier: Sequence[Tensor]) -> Tensor:
        """Returns what a step sees, (..., M).

        Args:
            weights: The cell's weights.
            projected: The projected input of the step, (..., G).
            earlier: What is kept of the inputs 1, 2 to K - 1 steps before, (..., W) each.
        """

    @abstractmethod
    def recent(self, state: S) -> Tensor:
        """Returns what the state holds of the last K - 1 inputs, the latest last, (B, K - 1, W)."""

    @abstractmethod
    def remember(self, state: S, recent: Tensor) -> S:
        """Returns a state with other recent inputs, (B, K - 1, W)."""

    def look_back(
        self,
        weights: Weights,
        projected: Tensor,
        state: S,
        starts: Tensor | None,
        lengths: Tensor | None,
    ) -> tuple[Tensor, S]:
        """See AbstractLinearCell: applies ``convolve`` to all steps."""
        earlier, recent = windows(self.kept(projected), self.recent(state), starts, lengths)
        return self.convolve(weights, projected, earlier), self.remember(state, recent)

    def step(self, weights: Weights, projected: Tensor, state: S) -> tuple[Tensor, S]:
        """Projected input (B, G) and a state to the output (B, P) and the next state."""
        recent = self.recent(state)
        seen = self.convolve(weights, projected, recent.unbind(1)[::-1])
        decay, added = self.coefficients(weights, seen)
        hidden = decay * self.merge(state) + added
        recent = torch.cat([recent[:, 1:], self.kept(projected).unsqueeze(1)], dim=1)
        return self.read(weights, seen, hidden), self.split(hidden, self.remember(state, recent))


def windows(
    kept: Tensor, recent: Tensor, starts: Tensor | None, lengths: Tensor | None
) -> tuple[list[Tensor], Tensor]:
    """Returns the vectors before every step, and those before the step that follows the last one.

    Args:
        kept: What is kept of the steps' inputs, in the order of the recurrence, (B, T, W).
        recent: What was kept before them, the latest last, (B, K - 1, W).
        starts: Which steps start anew and see nothing from before them, (B, T); None if none does.
        lengths: The number of valid steps of each row, (B,); None if all are.

    Returns:
        The vectors 1, 2 to K - 1 steps before, (B, T, W) each, and the last K - 1 ones,
        (B, K - 1, W).
    """
    rows, steps = kept.shape[:2]
    count = recent.shape[1]
    joined = torch.cat([recent, kept], dim=1)  # (B, K - 1 + T, W)
    earlier = [joined[:, count - back : count - back + steps] for back in range(1, count + 1)]
    if lengths is None:
        after = joined[:, steps:]
    else:
        places = lengths.to(kept.device).long().unsqueeze(1) + torch.arange(
            count, device=kept.device
        )
        after = joined.gather(1, places.unsqueeze(2).expand(-1, -1, kept.shape[2]))
    if starts is None:
        return earlier, after
    # A step sees a vector from before it if no start lies between: both are in the same piece.
    pieces = torch.cat([starts.new_zeros(rows, count, dtype=torch.long), starts.cumsum(1)], dim=1)
    own = pieces[:, count:]
    for back, vectors in enumerate(earlier, start=1):
        same = own == pieces[:, count - back : count - back + steps]
        earlier[back - 1] = torch.where(same.unsqueeze(2), vectors, 0)
    if lengths is None:
        last, of_after = pieces[:, -1:], pieces[:, steps:]
    else:
        of_after = pieces.gather(1, places)
        last = of_after[:, -1:]
    return earlier, torch.where((of_after == last).unsqueeze(2), after, 0)
