"""The forward and backward pass of the RNN."""

from __future__ import annotations

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
    tanh_backward,
    tanh_of,
    threshold_backward,
)
from zoo_core.runtime.kernels.portable.products import StepProduct
from zoo_core.runtime.kernels.schedule import TimeSchedule


@final
class RnnPasses(AbstractCellPasses):
    """The equation h' = φ(p + W h) and its derivatives dp = dh' ⊙ φ'(h'), dh += Wᵀ dp.

    Args:
        nonlinearity: φ, ``tanh`` or ``relu``; the derivative of both follows from their value.
    """

    def __init__(self, nonlinearity: str) -> None:
        self.is_tanh = nonlinearity == "tanh"

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
        product = StepProduct(weight_hh.t(), schedule.steps, hidden.shape[1])
        tanh = tanh_of(hidden[0])
        for p, h, next_h in zip(
            schedule.active_rows(projected),
            schedule.active_rows(schedule.before(hidden)),
            schedule.active_rows(schedule.after(hidden)),
            strict=True,
        ):
            product.add_to(p, h)
            if self.is_tanh:
                tanh(p, next_h)
            else:
                torch.clamp_min(p, 0, out=next_h)
        return ()

    def backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grads: ResultGradients,
    ) -> Gradients:
        """See AbstractCellPasses."""
        (hidden,) = states
        d_hidden = grads.of_hidden(schedule, hidden)
        d_projected = torch.empty_like(schedule.after(hidden))
        schedule.zero_padding(d_projected)
        product = StepProduct(weight_hh, schedule.steps, hidden.shape[1])
        for d_p, next_h, d_next_h, d_h, needs_earlier_grad in zip(
            schedule.active_rows(d_projected)[::-1],
            schedule.active_rows(schedule.after(hidden))[::-1],
            schedule.active_rows(schedule.after(d_hidden))[::-1],
            schedule.active_rows(schedule.before(d_hidden))[::-1],
            schedule.needs_earlier_grad[::-1],
            strict=True,
        ):
            if self.is_tanh:
                tanh_backward(d_next_h, next_h, grad_input=d_p)
            else:
                threshold_backward(d_next_h, next_h, 0, grad_input=d_p)
            if needs_earlier_grad:
                product.add_to(d_h, d_p)
        d_weight = weight_gradient(d_projected, schedule.before(hidden), weight_hh.dtype)
        return Gradients(d_projected, d_weight, None, (d_hidden[schedule.initial_index],))
