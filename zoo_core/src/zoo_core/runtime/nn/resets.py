"""States that start anew within a row, as for several documents packed into one.

A mark at a step divides a row into pieces: the piece before it and the piece that begins with it.
The pieces do not depend on each other, so a kernel may run them side by side, as rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.state import LayerState, choose_rows, rebuild, valid_steps

MAX_PADDING = 2
"""Steps of a batch of pieces with their padding, in multiples of the steps of all rows. With more,
pieces of about one length are run together."""


@final
class _Pieces(NamedTuple):
    """The N pieces of the rows of a batch, in the order of rows and steps.

    Args:
        rows: The row of each piece, (N,).
        first: Its first step, (N,).
        lengths: The number of its steps, (N,).
        starts_anew: Whether it starts from the initial state, and not from the state of its row,
            (N,).
        last: The number of the piece that runs last in each row, (B,).
    """

    rows: Tensor
    first: Tensor
    lengths: Tensor
    starts_anew: Tensor
    last: Tensor


def valid_resets(resets: Tensor, lengths: Tensor | None) -> Tensor:
    """Returns the marks (B, T) without those of padding, which have no effect."""
    if lengths is None:
        return resets
    return resets & valid_steps(lengths, resets.shape[1], resets.device)


def starting_steps(resets: Tensor, lengths: Tensor | None, *, reverse: bool) -> Tensor:
    """Returns the steps (B, T) that start from the initial state, in the order of the inputs.

    Args:
        resets: The marks, (B, T).
        lengths: The number of valid steps of each row, (B,).
        reverse: Whether time runs from the last step to the first. Then it is the last step of a
            piece that starts anew, unless it is the last one of its row.
    """
    resets = valid_resets(resets, lengths)
    if not reverse:
        return resets
    return torch.cat([resets[:, 1:], torch.zeros_like(resets[:, :1])], dim=1)


def scan_pieces(
    scan: Callable[..., tuple[Tensor, LayerState]],
    cell: AbstractCell[Any],
    weights: Weights,
    inputs: Tensor,
    state: LayerState,
    *,
    resets: Tensor,
    lengths: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, LayerState]:
    """Runs the pieces of all rows as rows of their own.

    Args:
        scan: The ``scan`` of a kernel.
        cell: As for ``AbstractKernel.scan_with_resets``, like all that follow.
        weights: The cell's weights.
        inputs: Features (B, T, F) or tokens (B, T).
        state: The state to start from.
        resets: The marks, (B, T), bool.
        lengths: The number of valid steps of each row, (B,).
        reverse: Whether time runs from the last step to the first.

    Returns:
        The outputs (B, T, P), in the order of the inputs, and the state after the last step.
    """
    rows, steps = inputs.shape[:2]
    starts = starting_steps(resets, lengths, reverse=reverse)
    if not bool(starts.any()):
        return scan(cell, weights, inputs, state, lengths=lengths, reverse=reverse)
    pieces = _pieces(resets, lengths, reverse=reverse)
    initial = cell.initial_state(len(pieces.rows), next(iter(weights.values())))
    of_rows = rebuild(state, (tensor.index_select(0, pieces.rows) for tensor in state))
    begin = choose_rows(pieces.starts_anew, initial, of_rows)
    outputs, places, ends, numbers = [], [], [], []
    for chosen in _groups(pieces.lengths, rows * steps):
        counts = pieces.lengths[chosen]
        longest = int(counts.max())
        offsets = torch.arange(longest, device=inputs.device)
        valid = offsets < counts.unsqueeze(1)  # (n, longest)
        at = (pieces.first[chosen].unsqueeze(1) + offsets).clamp(max=steps - 1)
        at = pieces.rows[chosen].unsqueeze(1) * steps + at
        of_pieces, is_padded = inputs.flatten(0, 1)[at], not bool(valid.all())
        if is_padded and inputs.is_floating_point():
            # The padding is steps of another piece, and a product of 0 and a NaN would be one.
            of_pieces = of_pieces.masked_fill(~valid.unsqueeze(2), 0)
        output, end = scan(
            cell,
            weights,
            of_pieces,
            rebuild(state, (tensor[chosen] for tensor in begin)),
            lengths=counts if is_padded else None,
            reverse=reverse,
        )
        outputs.append(output[valid])
        places.append(at[valid])
        ends.append(end)
        numbers.append(chosen)
    joined = torch.cat(outputs)
    whole = joined.new_zeros(rows * steps, joined.shape[1]).index_copy(0, torch.cat(places), joined)
    order = torch.cat(numbers).argsort()[pieces.last]
    after = (torch.cat(tensors).index_select(0, order) for tensors in zip(*ends, strict=True))
    return whole.view(rows, steps, -1), rebuild(ends[0], after)


def _pieces(resets: Tensor, lengths: Tensor | None, *, reverse: bool) -> _Pieces:
    """Returns the pieces of the rows of a batch."""
    count, steps = resets.shape
    begins = valid_resets(resets, lengths).clone()
    begins[:, 0] = True
    rows, first = begins.nonzero(as_tuple=True)
    if lengths is None:
        stops = torch.full((count,), steps, device=resets.device)
    else:
        stops = lengths.to(resets.device).long()
    is_last = torch.ones_like(rows, dtype=torch.bool)  # whether it is the last piece of its row
    is_last[:-1] = rows[1:] != rows[:-1]
    ends = torch.where(is_last, stops[rows], first.roll(-1))
    if reverse:
        return _Pieces(rows, first, ends - first, ~is_last, (first == 0).nonzero()[:, 0])
    return _Pieces(rows, first, ends - first, resets[rows, first], is_last.nonzero()[:, 0])


def _groups(lengths: Tensor, steps: int) -> list[Tensor]:
    """Returns the numbers of the pieces that run together.

    All of them do, unless short pieces beside a long one would be mostly padding. Then those do
    whose lengths have the same number of bits, so that at most half of a group is padding.

    Args:
        lengths: The steps of each piece, (N,).
        steps: The steps of all rows, B · T.
    """
    if len(lengths) * int(lengths.max()) <= MAX_PADDING * steps:
        return [torch.arange(len(lengths), device=lengths.device)]
    bits = lengths.double().log2().floor()
    return [(bits == size).nonzero()[:, 0] for size in sorted(set(bits.tolist()))]
