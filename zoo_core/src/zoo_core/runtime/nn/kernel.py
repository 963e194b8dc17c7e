"""What a kernel is: one way to run a cell over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.state import LayerState


class AbstractKernel(ABC):
    """Runs one layer of a cell in one direction. All kernels give the same result.

    Attributes:
        name: What ``--backend`` calls it.
        looks_up: Whether tokens cost it one look-up each, so that it gains by an embedding that is
            folded into the weights.
        details: How it runs here, such as on which instructions, or why it cannot.
    """

    name: str
    looks_up: bool = False
    details: str = ""

    @abstractmethod
    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Why it should not run this cell on tensors like this one, or None if it may."""

    @abstractmethod
    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """Runs the cell over all steps.

        Args:
            cell: The equations.
            weights: Its weights.
            inputs: Features (B, T, F), or tokens (B, T) in the place of one-hot vectors.
            state: Where to start, (B, H) or (B, P) each.
            lengths: Valid steps of each row, (B,); steps beyond give zeros and leave the state.
            reverse: From the last valid step to the first.

        Returns:
            The outputs (B, T, P), in the order of the inputs, and the last state.
        """
