"""The scan of a diagonal linear recurrence over time, in parallel, with its derivative."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd import Function


def linear_scan(decay: Tensor, added: Tensor, initial: Tensor) -> Tensor:
    """Computes h_t = a_t ⊙ h_{t-1} + b_t for all steps.

    The T steps are cut into about √T chunks of √T steps. One loop runs the steps of all chunks side
    by side, each chunk from zeros; another one carries the state from chunk to chunk, multiplied by
    the product of a chunk's decays. Nothing is divided and no logarithm is taken, so decays may be
    zero, negative or complex, and no output depends on a later step.

    Args:
        decay: a, (B, T, N), real or complex.
        added: b, (B, T, N).
        initial: h_0, (B, N).

    Returns:
        The states h_1 to h_T, (B, T, N).
    """
    states: Tensor = _LinearScan.apply(decay, added, initial)
    return states


@final
class _LinearScan(Function):
    """The scan, whose derivative is a scan in reverse.

    With g_t the gradient of h_t and * the complex conjugate,

        db_t = g_t + a*_{t+1} ⊙ db_{t+1}        da_t = db_t ⊙ h*_{t-1}        dh_0 = a*_1 ⊙ db_1
    """

    @staticmethod
    def forward(ctx: Any, decay: Tensor, added: Tensor, initial: Tensor) -> Tensor:
        """Computes the states, (B, T, N)."""
        states = _scan_in_chunks(decay, added, initial)
        ctx.save_for_backward(decay, initial, states)
        return states

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the gradients of the arguments; it can be differentiated itself."""
        (grad,) = grad_outputs
        decay, initial, states = ctx.saved_tensors
        decay = decay.conj()
        later = torch.cat([decay[:, 1:], torch.zeros_like(decay[:, :1])], dim=1)
        d_added = linear_scan(later.flip(1), grad.flip(1), torch.zeros_like(initial)).flip(1)
        before = torch.cat([initial.unsqueeze(1), states[:, :-1]], dim=1)
        return d_added * before.conj(), d_added, decay[:, 0] * d_added[:, 0]


def _scan_in_chunks(decay: Tensor, added: Tensor, initial: Tensor) -> Tensor:
    """Computes the states, (B, T, N), without gradients."""
    rows, steps, width = decay.shape
    size = max(math.isqrt(steps - 1) + 1, 1)  # √T, rounded up
    count = -(-steps // size)
    if count * size > steps:
        padding = decay.new_zeros(rows, count * size - steps, width)
        decay, added = torch.cat([decay, padding], dim=1), torch.cat([added, padding], dim=1)
    decay = decay.view(rows, count, size, width)
    states = added.view(rows, count, size, width).clone()
    for step in range(1, size):
        states[:, :, step] += decay[:, :, step] * states[:, :, step - 1]
    products = decay.cumprod(dim=2)
    carried = torch.empty_like(states[:, :, 0])
    state = initial
    for chunk in range(count):
        carried[:, chunk] = state
        state = states[:, chunk, -1] + products[:, chunk, -1] * state
    states += products * carried.unsqueeze(2)
    return states.view(rows, count * size, width)[:, :steps]
