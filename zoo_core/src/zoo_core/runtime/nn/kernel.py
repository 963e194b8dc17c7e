"""The interface of a kernel: one way to run a cell over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.resets import scan_pieces
from zoo_core.runtime.nn.state import LayerState


@final
class ScanCase(NamedTuple):
    """The circumstances of a call of ``AbstractKernel.scan``.

    Args:
        cell: The equations.
        batch_size: B.
        steps: T; None if it is not known yet.
        symbols: V if the inputs are tokens, 0 if they are features.
        padded: Whether the rows have lengths.
        dtype: The dtype of the weights.
        input_dtype: The dtype of the inputs.
        device: The type of device that the weights are on.
        needs_grad: Whether gradients are recorded.
        autocast: Whether autocast is on.
        in_numpy: Whether the backend ``portable`` takes the whole training step in NumPy.
    """

    cell: AbstractCell[Any]
    batch_size: int
    steps: int | None
    symbols: int
    padded: bool
    dtype: torch.dtype
    input_dtype: torch.dtype
    device: str
    needs_grad: bool
    autocast: bool
    in_numpy: bool = False

    @property
    def is_single_step(self) -> bool:
        """Whether it is one step on the CPU without gradients, in the precision of the weights.

        The cell's own step, which the reference kernel takes, has the least overhead then.
        """
        one_step = self.steps == 1 and self.device == "cpu"
        return one_step and not self.needs_grad and not self.autocast


class AbstractKernel(ABC):
    """Runs one layer of a cell in one direction. All kernels give the same result.

    Attributes:
        name: The name that ``--backend`` takes.
        prefers_tokens: Whether a token costs one lookup. Such a kernel gains if the embedding is
            folded into the weights.
        is_transformable: Whether ``torch.func``, forward mode derivatives and ``torch.export`` pass
            through it. The reference kernel runs in them in the place of one that is not.
        details: How the kernel runs on this machine, such as the instructions it uses, or why it
            cannot run.
        cells: The names of the cells that the kernel runs with some settings, as its spec lists
            them; None if they are not listed.
    """

    name: str
    cells: tuple[str, ...] | None = None
    prefers_tokens: bool = False
    is_transformable: bool = False
    details: str = ""

    @abstractmethod
    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Returns why the kernel cannot run a cell, or None if it can.

        Args:
            cell: The equations.
            like: A weight, which has the dtype and the device of all tensors.
        """

    def pays(self, case: ScanCase) -> bool:
        """Returns whether the kernel is worth its overhead for a call that it can run.

        The backend ``auto`` passes over a kernel that is not. A backend that is chosen by name
        runs in any case. This is asked before every call that differs from the one before, so it
        must be fast.
        """
        return True

    def folds_embedding(self, cell: AbstractCell[Any]) -> bool:
        """Returns whether it gains for a cell if the embedding is folded into ``weight_ih``."""
        return self.prefers_tokens

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

    def scan_with_resets(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        resets: Tensor,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """Runs the cell over all steps, with a state that starts anew at marked steps.

        By default the pieces between two marks are rows of their own, which ``scan`` runs side by
        side. A kernel that can start a state anew within its loop may override it.

        Args:
            cell: As for ``scan``.
            weights: As for ``scan``.
            inputs: As for ``scan``.
            state: As for ``scan``.
            resets: The marks, (B, T), bool. A marked step starts from the cell's initial state;
                in reverse, the step before it in the order of the inputs does.
            lengths: As for ``scan``.
            reverse: As for ``scan``.

        Returns:
            As ``scan`` does.
        """
        return scan_pieces(
            self.scan, cell, weights, inputs, state, resets=resets, lengths=lengths, reverse=reverse
        )
