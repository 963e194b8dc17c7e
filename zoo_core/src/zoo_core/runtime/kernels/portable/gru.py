"""The forward and backward pass of the GRU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import (
    AbstractCellPasses,
    Gradients,
    ResultGradients,
    Saved,
    weight_gradient,
)
from zoo_core.runtime.kernels.portable.activations import (
    sigmoid_backward,
    tanh_backward,
    tanh_of,
)
from zoo_core.runtime.kernels.portable.products import StepProduct
from zoo_core.runtime.kernels.schedule import TimeSchedule

MIN_STEP_SIZE = 1 << 16
"""The smallest B·H at which each step's factors are computed just before they are used, while they
are in the cache. Below it, fewer calls for all steps are faster."""


@final
class GruPasses(AbstractCellPasses):
    """The equation h' = n + z ⊙ (h - n) with n = tanh(p_n + r ⊙ q), and its derivatives.

    Here q = W_n h + b_n, and r, z = σ(p + W h). Backward, with s = (1 - z) ⊙ (1 - n²),

        dp_n = dh' ⊙ s                       dq = dh' ⊙ s ⊙ r
        dp_r = dh' ⊙ s ⊙ q ⊙ r(1 - r)        dp_z = dh' ⊙ (h - n) ⊙ z(1 - z)
        dh += dh' ⊙ z + W_rᵀ dp_r + W_zᵀ dp_z + W_nᵀ dq

    The factors of dh' do not depend on it; those of small steps are computed for all steps at once.
    The four gradients lie side by side as dq, dp_r, dp_z, dp_n: the first three are multiplied with
    the recurrent weights, in the order n r z, and the last three with the input weights.
    """

    recurrent_bias_gates = 1

    def forward(
        self,
        schedule: TimeSchedule,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Saved:
        """See AbstractCellPasses."""
        (hidden,) = states
        rows, width = hidden.shape[1:]
        weight_rz, weight_n = weight_hh[: 2 * width], weight_hh[2 * width :]
        product_rz = StepProduct(weight_rz.t(), schedule.steps, rows)
        product_n = StepProduct(weight_n.t(), schedule.steps, rows)
        bias = hidden.new_zeros(width) if bias_hh is None else bias_hh
        recurrent_n = torch.empty_like(schedule.before(hidden))  # q
        tanh = tanh_of(hidden[0])
        for r_and_z, r, z, n, q, h, next_h in zip(
            schedule.active_rows(projected[:, :, : 2 * width]),
            *(schedule.active_rows(gate) for gate in projected.chunk(3, dim=2)),
            schedule.active_rows(recurrent_n),
            schedule.active_rows(schedule.before(hidden)),
            schedule.active_rows(schedule.after(hidden)),
            strict=True,
        ):
            product_rz.add_to(r_and_z, h).sigmoid_()
            product_n.add_to(q.copy_(bias), h)
            tanh(n.addcmul_(r, q), n)
            torch.lerp(n, h, z, out=next_h)
        return projected, recurrent_n

    def backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grads: ResultGradients,
    ) -> Gradients:
        """See AbstractCellPasses."""
        (hidden,), (gates, recurrent_n) = states, saved
        d_hidden = grads.of_hidden(schedule, hidden)
        before, width = schedule.before(hidden), hidden.shape[2]
        r, z, n = gates.chunk(3, dim=2)
        d_parts = hidden.new_empty(*before.shape[:2], 4, width)  # the factors, later times dh'
        d_gates = d_parts.flatten(2)  # (T, B, 4H)
        d_recurrent = d_gates[:, :, : 3 * width]  # dq, dp_r, dp_z
        ordered = weight_hh.roll(width, 0)  # rows in the order n r z
        product = StepProduct(ordered, schedule.steps, hidden.shape[1])
        factors = (r, z, n, recurrent_n, before, d_parts)
        for _, d_all, d_qrz, update, d_next_h, d_h, needs_earlier_grad in zip(
            _fill_last_first(*factors, reverse=schedule.reverse),
            schedule.active_rows(d_parts)[::-1],
            schedule.active_rows(d_recurrent)[::-1],
            schedule.active_rows(z)[::-1],
            schedule.active_rows(schedule.after(d_hidden))[::-1],
            schedule.active_rows(schedule.before(d_hidden))[::-1],
            schedule.needs_earlier_grad[::-1],
            strict=True,
        ):
            d_all.mul_(d_next_h.unsqueeze(1))
            if needs_earlier_grad:
                product.add_to(d_h.addcmul_(d_next_h, update), d_qrz)
        schedule.zero_padding(d_parts)
        d_weight = weight_gradient(d_recurrent, before, weight_hh.dtype).roll(-width, 0)
        d_bias, d_first = d_parts[:, :, 0].sum((0, 1)), d_hidden[schedule.initial_index]
        return Gradients(d_gates, d_weight, d_bias, (d_first,))


def _fill_last_first(*tensors: Tensor, reverse: bool) -> Iterator[None]:
    """Yields once for each step, the last one first; its factors are filled then.

    Args:
        *tensors: The arguments of ``_fill_factors`` for all steps, (T, B, ...) each.
        reverse: Whether time runs from the last step to the first.
    """
    steps, rows, width = tensors[0].shape
    if rows * width < MIN_STEP_SIZE:
        _fill_factors(*tensors)
        yield from [None] * steps
        return
    each_step = list(zip(*(tensor.unbind(0) for tensor in tensors), strict=True))
    for step in each_step if reverse else each_step[::-1]:
        _fill_factors(*step)
        yield


def _fill_factors(
    r: Tensor, z: Tensor, n: Tensor, recurrent_n: Tensor, before: Tensor, d_parts: Tensor
) -> None:
    """Writes the factors of dh' to the four parts (..., 4, H); the other tensors are (..., H)."""
    d_q, d_r, d_z, d_n = d_parts.unbind(-2)
    tanh_backward(1 - z, n, grad_input=d_n)  # s
    torch.mul(d_n, r, out=d_q)
    sigmoid_backward(d_n * recurrent_n, r, grad_input=d_r)
    sigmoid_backward(before - n, z, grad_input=d_z)
