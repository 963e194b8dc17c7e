"""A kernel that breaks its rule."""

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
        """Nothing."""
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
        how: dict[str, Any] = {"lengths": lengths, "reverse": reverse}
        return ReferenceKernel().scan(cell, weights, inputs, state, **how)


class ReadingOn(Honest):  # noqa: D101  # the plugin's table says what is wrong with it
    def scan(self, *given: Any, lengths: Tensor | None, **how: Any) -> tuple[Tensor, LayerState]:
        return super().scan(*given, lengths=None, **how)
