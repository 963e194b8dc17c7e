"""The interface of cells whose units do not see each other's state."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, NamedTuple, TypeVar

from torch import Tensor

from zoo_core.runtime.nn import AbstractScannedCell, LinearScan, Weights
from zoo_linear.newton import Newton

S = TypeVar("S", bound=NamedTuple)


class AbstractUnitCell(AbstractScannedCell[S], Generic[S]):
    """A cell whose state changes by h' = φ(h, x), where a unit of h' depends on that unit of h.

    N is the width of the state. The state starts at zeros. Newton's method runs all steps.
    """

    min_scan_steps = 16

    @abstractmethod
    def advance(self, weights: Weights, projected: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Returns φ and its derivative by h, unit by unit.

        Args:
            weights: The cell's weights.
            projected: The projected inputs, (..., G).
            hidden: h, (..., N).
        """

    @abstractmethod
    def merge(self, state: S) -> Tensor:
        """Returns h, (B, N)."""

    @abstractmethod
    def split(self, hidden: Tensor) -> S:
        """Reverses ``merge``."""

    @abstractmethod
    def read(self, weights: Weights, projected: Tensor, before: Tensor, hidden: Tensor) -> Tensor:
        """Returns the outputs (..., P).

        Args:
            weights: The cell's weights.
            projected: The projected inputs, (..., G).
            before: The states before the steps, (..., N).
            hidden: The states after them, (..., N).
        """

    def run(
        self,
        scan: LinearScan,
        weights: Weights,
        projected: Tensor,
        state: S,
        *,
        starts: Tensor | None,
        lengths: Tensor | None,
    ) -> tuple[Tensor, S] | None:
        """See AbstractScannedCell."""
        initial = self.merge(state)

        def advance(before: Tensor) -> tuple[Tensor, Tensor]:
            return self.advance(weights, projected, before)

        newton = Newton(advance, scan, initial, starts, lengths)
        hidden = newton.solve(projected.shape[1])
        if hidden is None:
            return None
        outputs = self.read(weights, projected, newton.states_before(initial, hidden), hidden)
        return outputs, self.split(hidden[:, -1])

    def step(self, weights: Weights, projected: Tensor, state: S) -> tuple[Tensor, S]:
        """Projected input (B, G) and a state to the output (B, P) and the next state."""
        before = self.merge(state)
        hidden, _ = self.advance(weights, projected, before)
        return self.read(weights, projected, before, hidden), self.split(hidden)
