"""The interface of cells that run by scans of linear recurrences."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, NamedTuple, Protocol, TypeVar

from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights

S = TypeVar("S", bound=NamedTuple)


class LinearScan(Protocol):
    """Computes h_t = a_t ⊙ h_{t-1} + b_t for all steps; kernels differ in how."""

    def __call__(
        self,
        decay: Tensor,
        added: Tensor,
        initial: Tensor,
        *,
        starts: Tensor | None = None,
        lengths: Tensor | None = None,
    ) -> Tensor:
        """Returns the states h_1 to h_T, (B, T, N), with T of at least 1.

        Args:
            decay: a, (B, T, N), or (N,) if it is the same at every step; real or complex.
            added: b, (B, T, N).
            initial: h_0, (B, N).
            starts: The steps before which the state becomes zeros, (B, T), bool.
            lengths: The number of valid steps of each row, (B,). Later steps leave the state as
                it is.
        """


class AbstractScannedCell(AbstractCell[S], Generic[S]):
    """A cell that kernels run over all steps by scans of linear recurrences.

    Attributes:
        min_scan_steps: The number of steps from which scans in training take less time than the
            loop over time.
    """

    min_scan_steps: int = 1

    @property
    def scan_width(self) -> int:
        """N, the number of recurrences that a scan computes for each row; by default H."""
        return self.hidden_size

    @abstractmethod
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
        """Runs all steps, in the order of the recurrence.

        Args:
            scan: Computes a linear recurrence.
            weights: The cell's weights.
            projected: The projected inputs, (B, T, G), with T of at least 1.
            state: The state before the first step.
            starts: The steps before which the state becomes zeros, (B, T), bool.
            lengths: The number of valid steps of each row, (B,).

        Returns:
            The outputs (B, T, P), of which those after a row's length do not count, and the state
            after the last valid step; None if these inputs have to run step by step.
        """
