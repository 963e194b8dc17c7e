"""The interface of a kernel: one way to run a cell over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.state import LayerState


class AbstractKernel(ABC):
    """Runs one layer of a cell in one direction. All kernels give the same result.

    Attributes:
        name: The name that ``--backend`` takes.
        prefers_tokens: Whether a token costs one lookup. Such a kernel gains if the embedding is
            folded into the weights.
        details: How the kernel runs on this machine, such as the instructions it uses, or why it
            cannot run.
    """

    name: str
    prefers_tokens: bool = False
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
            weights: The cell's weights.
            inputs: Features (B, T, F), or tokens (B, T) that stand for one-hot vectors.
            state: The state to start from; each tensor is (B, H) or (B, P).
            lengths: The number of valid steps of each row, (B,). The outputs of later steps are
                zeros, and later steps leave the state as it is.
            reverse: Whether to run from the last valid step to the first.

        Returns:
            The outputs (B, T, P), in the order of the inputs, and the state after the last step.
        """
