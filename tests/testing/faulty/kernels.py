"""A kernel that keeps the rules, and two that break one each."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import LayerState


class Honest(AbstractKernel):
    """The reference under another name."""

    name = "honest-kernel"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Returns None: it runs every cell."""
        return None

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
        """See AbstractKernel."""
        return ReferenceKernel().scan(
            cell, weights, inputs, state, lengths=lengths, reverse=reverse
        )


class PaddingReader(Honest):  # noqa: D101  # the plugin's table says what is wrong with it
    def scan(self, *args: Any, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, LayerState]:
        return super().scan(*args, lengths=None, reverse=reverse)


class Unresetting(Honest):  # noqa: D101
    def scan_with_resets(
        self, *args: Any, resets: Tensor, lengths: Tensor | None, reverse: bool
    ) -> tuple[Tensor, LayerState]:
        return self.scan(*args, lengths=lengths, reverse=reverse)


class Slow(Honest):  # noqa: D101
    def scan(self, *args: Any, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, LayerState]:
        for _ in range(10):
            super().scan(*args, lengths=lengths, reverse=reverse)
        return super().scan(*args, lengths=lengths, reverse=reverse)
