"""A kernel that keeps the rules, and others that break one each."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import LayerState, rebuild

CHUNK = 64
"""Steps of a chunk of ``Forgetful``."""


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


class Multiplying(Honest):
    """Starts states anew by a product with 0, without padding and in one direction."""

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
        """See AbstractKernel."""
        outputs = []
        for step, marks in zip(torch.split(inputs, 1, dim=1), resets.unbind(1), strict=True):
            before = rebuild(state, (tensor * ~marks.unsqueeze(1) for tensor in state))
            output, state = self.scan(cell, weights, step, before, lengths=lengths, reverse=reverse)
            outputs.append(output)
        return torch.cat(outputs, dim=1), state


class Forgetful(Honest):  # noqa: D101
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
        options: dict[str, Any] = {"lengths": None, "reverse": reverse}
        if lengths is not None or inputs.shape[1] <= CHUNK:
            options["lengths"] = lengths
            return super().scan(cell, weights, inputs, state, **options)
        chunks = [
            super(Forgetful, self).scan(cell, weights, chunk, state, **options)
            for chunk in torch.split(inputs, CHUNK, dim=1)
        ]
        return torch.cat([outputs for outputs, _ in chunks], dim=1), chunks[-1][1]


class Slow(Honest):  # noqa: D101
    def scan(self, *args: Any, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, LayerState]:
        for _ in range(10):
            super().scan(*args, lengths=lengths, reverse=reverse)
        return super().scan(*args, lengths=lengths, reverse=reverse)
