"""The reference kernel: a time loop over any cell."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.resets import starting_steps
from zoo_core.runtime.nn.state import LayerState, choose_rows


@final
class ReferenceKernel(AbstractKernel):
    """Runs step by step, with autograd. Every other kernel must give the same result."""

    name = "reference"
    is_transformable = True
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
        return self._scan(cell, weights, inputs, state, None, lengths, reverse)

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
        """See AbstractKernel: replaces the state of a row before every step at which it starts."""
        return self._scan(cell, weights, inputs, state, resets, lengths, reverse)

    def _scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        resets: Tensor | None,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        starts = None
        if resets is not None:
            starts = starting_steps(resets, lengths, reverse=reverse)
            initial = cell.initial_state(inputs.shape[0], next(iter(weights.values())))
        projected = cell.project(weights, inputs).unbind(dim=1)  # T times (B, G)
        if len(projected) == 1 and starts is None and lengths is None:  # as in generation
            output, state = cell.step(weights, projected[0], state)
            return output.unsqueeze(1), state
        outputs = list(projected)
        steps = range(len(outputs))
        for t in reversed(steps) if reverse else steps:
            if starts is not None:
                state = choose_rows(starts[:, t], initial, state)
            output, after = cell.step(weights, projected[t], state)
            if lengths is not None:
                valid = t < lengths  # (B,)
                after = choose_rows(valid, after, state)
                output = torch.where(valid.unsqueeze(1), output, 0)
            outputs[t], state = output, after
        return torch.stack(outputs, dim=1), state
