"""What a kernel is: one way to run a cell over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.state import LayerState, State

if TYPE_CHECKING:
    from zoo_core.runtime.generation.sampler import Sampler
    from zoo_core.runtime.nn.model import AbstractRecurrentModel


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

    def generate(
        self, model: AbstractRecurrentModel, state: State, prompt: Tensor, sampler: Sampler
    ) -> Iterator[int] | None:
        """A loop of its own over the symbols that follow a prompt, where it has one.

        It switches gradients off itself, around what it computes and not over a ``yield``. The
        precision of its products is what autocast says where it is called, and only there: in the
        body of a generator it is off again.

        Args:
            model: A plain one over tokens, in one direction, whose cell this kernel runs.
            state: Where it starts, of one row.
            prompt: The symbols that it is fed first, (T,) with T of at least 1.
            sampler: Chooses each symbol.

        Returns:
            The symbols without end, or None.
        """
        return None
