"""The kernel of recurrences with a matrix state."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo_core.runtime.nn import (
    AbstractCell,
    AbstractKernel,
    LayerState,
    ScanCase,
    Weights,
    valid_steps,
)
from zoo_matrix.matrix_cell import AbstractMatrixCell

CHUNK = 32
"""Most steps of a chunk. The work within a chunk grows with their square; that between chunks falls
as there are fewer of them. 16 and 64 are no faster on a CPU."""
MIN_STEPS = 16
"""Steps from which chunks are faster than the loop for a single row too."""


@final
class MatrixChunksKernel(AbstractKernel):
    """Runs chunks of steps, the steps of a chunk at once and the chunks one after the other."""

    name = "matrix-chunks"
    details = f"plain torch, chunks of up to {CHUNK} steps"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """See AbstractKernel: cells without a matrix state, and numbers of half precision."""
        if not isinstance(cell, AbstractMatrixCell):
            return f"the state of {cell.name} is no matrix"
        if like.dtype not in (torch.float32, torch.float64):
            return f"{like.dtype} is too coarse for sums over a chunk"
        return None

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: not for a few steps, for which the loop has less overhead."""
        return case.steps is None or case.steps >= MIN_STEPS

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
        assert isinstance(cell, AbstractMatrixCell), "the kernel supports no other"
        rows, steps = inputs.shape[:2]
        projected = cell.project(weights, inputs)
        if not steps:
            return projected.new_zeros(rows, 0, cell.output_size), state
        valid = None if lengths is None else valid_steps(lengths, steps, inputs.device)
        if reverse:
            projected = projected.flip(1)
            valid = None if valid is None else valid.flip(1)
        count = -(-steps // CHUNK)
        size = -(-steps // count)  # so that the chunks are about equal
        if missing := count * size - steps:
            if valid is None:
                valid = torch.ones(rows, steps, dtype=torch.bool, device=inputs.device)
            projected, valid = pad(projected, (0, 0, 0, missing)), pad(valid, (0, missing))
        parts = cell.split(projected)
        with torch.autocast(projected.device.type, enabled=False):
            values, after = cell.run_chunks(parts, state, valid, size)
        outputs = cell.read(weights, parts, values)[:, :steps]
        if lengths is not None:
            assert valid is not None, "rows of some lengths have valid steps"
            outputs = torch.where(valid[:, :steps].unsqueeze(2), outputs, 0)
        return (outputs.flip(1) if reverse else outputs), after
