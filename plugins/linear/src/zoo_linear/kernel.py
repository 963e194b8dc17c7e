"""The kernel of linear recurrences."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import (
    AbstractCell,
    AbstractKernel,
    LayerState,
    ScanCase,
    Weights,
    starting_steps,
    valid_steps,
)
from zoo_linear.linear_cell import AbstractLinearCell
from zoo_linear.scan import linear_scan


@final
class LinearScanKernel(AbstractKernel):
    """Runs all steps in about 2√T operations in the place of T, by ``linear_scan``."""

    name = "linear-scan"
    details = "plain torch, chunks of √T steps side by side"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """See AbstractKernel: cells that are not linear in their state."""
        if isinstance(cell, AbstractLinearCell):
            return None
        return f"the recurrence of {cell.name} is not linear"

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: not for a single step."""
        return not case.is_single_step

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
        return _scan(cell, weights, inputs, state, None, lengths, reverse=reverse)

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
        """See AbstractKernel: a state that is multiplied by 0 starts anew."""
        starts = starting_steps(resets, lengths, reverse=reverse)
        return _scan(cell, weights, inputs, state, starts, lengths, reverse=reverse)


def _scan(
    cell: AbstractCell[Any],
    weights: Weights,
    inputs: Tensor,
    state: LayerState,
    starts: Tensor | None,
    lengths: Tensor | None,
    *,
    reverse: bool,
) -> tuple[Tensor, LayerState]:
    """Runs a linear cell over all steps; some of them, (B, T), start from zeros."""
    assert isinstance(cell, AbstractLinearCell), "the kernel supports no other"
    rows, steps = inputs.shape[:2]
    projected = cell.project(weights, inputs).to(next(iter(weights.values())).dtype)
    if not steps:
        return projected.new_zeros(rows, 0, cell.output_size), state
    decay, added = cell.coefficients(weights, projected)
    if starts is not None:
        decay = torch.where(starts.unsqueeze(2), 0, decay)
    valid = None
    if lengths is not None:
        valid = valid_steps(lengths, steps, inputs.device).unsqueeze(2)
        # a step of padding leaves the state as it is
        decay, added = torch.where(valid, decay, 1), torch.where(valid, added, 0)
    if reverse:
        decay, added = decay.flip(1), added.flip(1)
    hidden = linear_scan(decay, added, cell.merge(state))
    after = cell.split(hidden[:, -1])
    outputs = cell.read(weights, projected, hidden.flip(1) if reverse else hidden)
    return outputs if valid is None else torch.where(valid, outputs, 0), after
