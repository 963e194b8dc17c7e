"""Gradient checkpointing over time: a long scan in chunks whose inside is computed twice.

A backward pass needs what the forward pass computed at every step. In chunks of N steps, only the
state between two chunks is kept; what lies inside a chunk is computed again when the gradient
reaches it, so a layer keeps the numbers of N steps instead of those of all.

Source: Chen et al. (2016), Training Deep Nets with Sublinear Memory Cost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.resets import valid_resets
from zoo_core.runtime.nn.state import LayerState, choose_rows

Scan = Callable[..., tuple[Tensor, LayerState]]


def scan_in_chunks(
    scan: Scan,
    cell: AbstractCell[Any],
    weights: Weights,
    inputs: Tensor,
    state: LayerState,
    *,
    size: int,
    resets: Tensor | None,
    lengths: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, LayerState]:
    """Runs a cell over all steps and keeps the states between chunks alone for the gradient.

    Args:
        scan: ``AbstractKernel.scan``, or ``scan_with_resets`` if there are resets.
        cell: The equations.
        weights: The cell's weights.
        inputs: Features (B, T, F), or tokens (B, T).
        state: The state to start from; each tensor is (B, H) or (B, P).
        size: The steps of a chunk.
        resets: The steps before which the state starts anew, (B, T); None if there are none.
        lengths: The number of valid steps of each row, (B,); None if all are.
        reverse: Whether to run from the last valid step to the first.

    Returns:
        The outputs (B, T, P), in the order of the inputs, and the state after the last step.
    """
    from torch.utils.checkpoint import checkpoint  # imports torch's compiler

    steps = inputs.shape[1]
    if resets is not None:
        resets = valid_resets(resets, lengths)
    starts = range(0, steps, size)
    outputs: list[Tensor] = []
    for start in reversed(starts) if reverse else starts:
        stop = min(start + size, steps)
        if reverse and resets is not None and stop < steps:
            # The mark of the step after this chunk is not one of the chunk's own.
            fresh = cell.initial_state(len(inputs), state[0])
            state = choose_rows(resets[:, stop], fresh, state)

        run = partial(
            _run_chunk,
            partial(scan, cell, weights, reverse=reverse),
            type(state),
            None if lengths is None else (lengths - start).clamp(max=stop - start),
            None if resets is None else resets[:, start:stop],
        )
        output, *after = checkpoint(run, inputs[:, start:stop], *state, use_reentrant=False)
        outputs.append(output)
        state = type(state)._make(after)
    return torch.cat(outputs[::-1] if reverse else outputs, dim=1), state


def _run_chunk(
    scan: Callable[..., tuple[Tensor, LayerState]],
    state_type: type[LayerState],
    lengths: Tensor | None,
    resets: Tensor | None,
    inputs: Tensor,
    *state: Tensor,
) -> tuple[Tensor, ...]:
    """Runs one chunk; returns the outputs and the tensors of the state after it.

    Args:
        scan: Runs the cell, given inputs and state.
        state_type: The type of the state.
        lengths: The valid steps of each row in this chunk, (B,); below 1 where there are none.
        resets: The resets in this chunk, (B, N).
        inputs: The inputs of the chunk.
        state: The tensors of the state before it.
    """
    before = state_type._make(state)
    marks = {} if resets is None else {"resets": resets}
    if lengths is None:
        output, after = scan(inputs, before, lengths=None, **marks)
        return output, *after
    # A kernel expects a valid step in every row.
    output, after = scan(inputs, before, lengths=lengths.clamp(min=1), **marks)
    takes_part = lengths.to(inputs.device) > 0
    output = torch.where(takes_part.view(-1, 1, 1), output, 0)
    return output, *choose_rows(takes_part, after, before)
