"""The base of kernels that run cells by scans of linear recurrences."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.resets import starting_steps
from zoo_core.runtime.nn.scanned_cell import AbstractScannedCell, LinearScan
from zoo_core.runtime.nn.state import LayerState, valid_steps


class AbstractScanKernel(AbstractKernel):
    """Runs the cells that derive from AbstractScannedCell.

    Args:
        linear_scan: Computes a linear recurrence.
    """

    def __init__(self, linear_scan: LinearScan) -> None:
        self.linear_scan = linear_scan

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """See AbstractKernel: cells that do not run by scans, and numbers of half precision."""
        if not isinstance(cell, AbstractScannedCell):
            return f"the recurrence of {cell.name} is not linear"
        if like.dtype not in (torch.float32, torch.float64):  # there are no complex ones
            return f"it does not support {like.dtype}"
        return None

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: not for a single step, nor for fewer than the cell says."""
        if case.is_single_step or not isinstance(case.cell, AbstractScannedCell):
            return False
        return case.steps is None or case.steps >= case.cell.min_scan_steps

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
        results = self._run(cell, weights, inputs, state, None, lengths, reverse=reverse)
        if results is not None:
            return results
        return ReferenceKernel().scan(
            cell, weights, inputs, state, lengths=lengths, reverse=reverse
        )

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
        """See AbstractKernel: the state starts anew within a scan."""
        results = self._run(cell, weights, inputs, state, resets, lengths, reverse=reverse)
        if results is not None:
            return results
        return ReferenceKernel().scan_with_resets(
            cell, weights, inputs, state, resets=resets, lengths=lengths, reverse=reverse
        )

    def _run(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        resets: Tensor | None,
        lengths: Tensor | None,
        *,
        reverse: bool,
    ) -> tuple[Tensor, LayerState] | None:
        assert isinstance(cell, AbstractScannedCell), "the kernel supports no other"
        rows, steps = inputs.shape[:2]
        projected = cell.project(weights, inputs).to(next(iter(weights.values())).dtype)
        if not steps:
            return projected.new_zeros(rows, 0, cell.output_size), state
        starts = None
        if resets is not None:
            starts = starting_steps(resets, lengths, reverse=reverse)
        if reverse:
            projected = _reversed(projected, lengths)
            starts = None if starts is None else _reversed(starts.unsqueeze(2), lengths).squeeze(2)
        results = cell.run(
            self.linear_scan, weights, projected, state, starts=starts, lengths=lengths
        )
        if results is None:
            return None
        outputs, after = results
        if lengths is not None:
            valid = valid_steps(lengths, steps, inputs.device).unsqueeze(2)
            outputs = torch.where(valid, outputs, 0)
        return _reversed(outputs, lengths) if reverse else outputs, after


def _reversed(steps: Tensor, lengths: Tensor | None) -> Tensor:
    """Returns (B, T, N) with the valid steps of every row in the reverse order; padding stays."""
    if lengths is None:
        return steps.flip(1)
    places = torch.arange(steps.shape[1], device=steps.device)
    lengths = lengths.to(steps.device).unsqueeze(1)
    order = torch.where(places < lengths, lengths - 1 - places, places)  # (B, T)
    return steps.gather(1, order.unsqueeze(2).expand_as(steps))
