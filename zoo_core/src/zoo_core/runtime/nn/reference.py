"""The reference kernel: a time loop over any cell."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.state import LayerState, rebuild


@final
class ReferenceKernel(AbstractKernel):
    """Runs step by step, with autograd. Every other kernel must give the same result."""

    name = "reference"
    details = "step by step, with autograd"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Nothing: it runs every cell."""
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
        projected = cell.project(weights, inputs).unbind(dim=1)  # T times (B, G)
        outputs = list(projected)
        steps = range(len(outputs))
        for t in reversed(steps) if reverse else steps:
            output, after = cell.step(weights, projected[t], state)
            if lengths is not None:
                valid = t < lengths  # (B,)
                pairs = zip(after, state, strict=True)
                after = rebuild(after, (_where_rows(valid, new, old) for new, old in pairs))
                output = torch.where(valid.unsqueeze(1), output, 0)
            outputs[t], state = output, after
        return torch.stack(outputs, dim=1), state


def _where_rows(rows: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """Takes some rows from a tensor (B, ...) and the others from another of the same shape."""
    return torch.where(rows.view(-1, *(1,) * (new.dim() - 1)), new, old)
