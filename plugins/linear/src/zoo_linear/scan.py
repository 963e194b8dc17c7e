"""The scan of a diagonal linear recurrence over time, in parallel, with its derivative."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import pad


def linear_scan(
    decay: Tensor, added: Tensor, initial: Tensor, starts: Tensor | None = None
) -> Tensor:
    """Computes h_t = a_t ⊙ h_{t-1} + b_t for all steps.

    The T steps are cut into about √T chunks of √T steps. One loop runs the steps of all chunks side
    by side, each chunk from zeros; another one carries the state from chunk to chunk, multiplied by
    the product of a chunk's decays. Nothing is divided and no logarithm is taken, so decays may be
    zero, negative or complex, and no output depends on a later step. Before a start, the state
    becomes zeros even if it is infinite or NaN, of which a product with zero would be NaN.

    Args:
        decay: a, (B, T, N), real or complex.
        added: b, (B, T, N).
        initial: h_0, (B, N).
        starts: The steps before which the state becomes zeros, (B, T), bool.

    Returns:
        The states h_1 to h_T, (B, T, N).
    """
    states: Tensor = _LinearScan.apply(decay, added, initial, starts)
    return states


@final
class _LinearScan(Function):
    """The scan, whose derivative is a scan in reverse.

    With g_t the gradient of h_t and * the complex conjugate,

        db_t = g_t + a*_{t+1} ⊙ db_{t+1}        da_t = db_t ⊙ h*_{t-1}        dh_0 = a*_1 ⊙ db_1

    At a start, the products with a* and h* are zeros.
    """

    @staticmethod
    def forward(
        ctx: Any, decay: Tensor, added: Tensor, initial: Tensor, starts: Tensor | None
    ) -> Tensor:
        """Computes the states, (B, T, N)."""
        states = _scan_in_chunks(decay, added, initial, starts)
        ctx.save_for_backward(decay, initial, states)
        ctx.starts = starts
        return states

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Returns the gradients of the arguments; it can be differentiated itself."""
        (grad,) = grad_outputs
        decay, initial, states = ctx.saved_tensors
        starts: Tensor | None = ctx.starts
        decay = decay.conj()
        later = torch.cat([decay[:, 1:], torch.zeros_like(decay[:, :1])], dim=1)
        stops = None  # where the gradient starts anew
        if starts is not None:
            stops = torch.cat([starts[:, 1:], torch.zeros_like(starts[:, :1])], dim=1).flip(1)
        zeros = torch.zeros_like(initial)
        d_added = linear_scan(later.flip(1), grad.flip(1), zeros, stops).flip(1)
        before = torch.cat([initial.unsqueeze(1), states[:, :-1]], dim=1)
        d_decay, d_initial = d_added * before.conj(), decay[:, 0] * d_added[:, 0]
        if starts is not None:
            d_decay = torch.where(starts.unsqueeze(2), 0, d_decay)
            d_initial = torch.where(starts[:, :1], 0, d_initial)
        return d_decay, d_added, d_initial, None


def _scan_in_chunks(decay: Tensor, added: Tensor, initial: Tensor, starts: Tensor | None) -> Tensor:
    """Computes the states, (B, T, N)."""
    rows, steps, width = decay.shape
    size = max(math.isqrt(steps - 1) + 1, 1)  # √T, rounded up
    count = -(-steps // size)
    if missing := count * size - steps:
        padding = decay.new_zeros(rows, missing, width)
        decay, added = torch.cat([decay, padding], dim=1), torch.cat([added, padding], dim=1)
    decay = decay.view(rows, count, size, width)
    states = added.view(rows, count, size, width).clone()
    started, begun = None, None  # (B, chunks, steps, 1) each
    if starts is not None:
        started = pad(starts, (0, missing)).view(rows, count, size, 1)
        begun = started.cummax(dim=2).values  # whether the chunk has had a start
    for step in range(1, size):
        kept = decay[:, :, step] * states[:, :, step - 1]
        states[:, :, step] += kept if started is None else kept.masked_fill(started[:, :, step], 0)
    products = decay.cumprod(dim=2)
    carried = torch.empty_like(states[:, :, 0])
    state = initial
    for chunk in range(count):
        carried[:, chunk] = state
        kept = products[:, chunk, -1] * state
        state = states[:, chunk, -1] + (
            kept if begun is None else kept.masked_fill(begun[:, chunk, -1], 0)
        )
    kept = products * carried.unsqueeze(2)
    states += kept if begun is None else kept.masked_fill(begun, 0)
    return states.view(rows, count * size, width)[:, :steps]
