"""The forward and backward pass of the LSTM."""

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
    sigmoid_backward,
    tanh_backward,
    tanh_of,
)
from zoo_core.runtime.kernels.portable.products import StepProduct
from zoo_core.runtime.kernels.schedule import TimeSchedule


@final
class LstmPasses(AbstractCellPasses):
    """The equations c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c'), and their derivatives.

    The gates i, f, o = σ(p + W h) and g = tanh(p + W h) lie side by side in the order i f g o.
    Backward, dc' += dh' ⊙ o ⊙ (1 - tanh²(c')), and then

        dp_i = dc' ⊙ g ⊙ i(1 - i)        dp_g = dc' ⊙ i ⊙ (1 - g²)
        dp_f = dc' ⊙ c ⊙ f(1 - f)        dp_o = dh' ⊙ tanh(c') ⊙ o(1 - o)
        dc = dc' ⊙ f                     dh += Wᵀ dp
    """

    def forward(
        self,
        schedule: TimeSchedule,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Saved:
        """See AbstractCellPasses."""
        hidden, cell = states
        rows, width = hidden.shape[1:]
        product = StepProduct(weight_hh.t(), schedule.steps, rows)
        tanh_cell = torch.empty_like(schedule.before(hidden))  # tanh(c')
        tanh = tanh_of(hidden[0])
        for gates, i_and_f, i, f, g, o, h, c, next_h, next_c, tanh_c in zip(
            schedule.active_rows(projected),
            schedule.active_rows(projected[:, :, : 2 * width]),
            *(schedule.active_rows(gate) for gate in projected.chunk(4, dim=2)),
            schedule.active_rows(schedule.before(hidden)),
            schedule.active_rows(schedule.before(cell)),
            schedule.active_rows(schedule.after(hidden)),
            schedule.active_rows(schedule.after(cell)),
            schedule.active_rows(tanh_cell),
            strict=True,
        ):
            product.add_to(gates, h)
            i_and_f.sigmoid_()
            tanh(g, g)
            o.sigmoid_()
            torch.mul(f, c, out=next_c).addcmul_(i, g)
            tanh(next_c, tanh_c)
            torch.mul(o, tanh_c, out=next_h)
        return projected, tanh_cell

    def backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grads: ResultGradients,
    ) -> Gradients:
        """See AbstractCellPasses."""
        (hidden, cell), (gates, tanh_cell) = states, saved
        d_hidden, d_cell = grads.of_hidden(schedule, hidden), grads.of_last(1, cell[0])
        d_gates = torch.empty_like(gates)
        schedule.zero_padding(d_gates)
        product = StepProduct(weight_hh, schedule.steps, hidden.shape[1])
        for (
            i,
            f,
            g,
            o,
            d_i,
            d_f,
            d_g,
            d_o,
            d_p,
            c,
            tanh_c,
            d_next_h,
            d_h,
            needs_earlier_grad,
        ) in zip(
            *(schedule.active_rows(gate)[::-1] for gate in gates.chunk(4, dim=2)),
            *(schedule.active_rows(gate)[::-1] for gate in d_gates.chunk(4, dim=2)),
            schedule.active_rows(d_gates)[::-1],
            schedule.active_rows(schedule.before(cell))[::-1],
            schedule.active_rows(tanh_cell)[::-1],
            schedule.active_rows(schedule.after(d_hidden))[::-1],
            schedule.active_rows(schedule.before(d_hidden))[::-1],
            schedule.needs_earlier_grad[::-1],
            strict=True,
        ):
            d_c = d_cell[: len(d_next_h)]
            through_output = d_next_h * o
            d_c += tanh_backward(through_output, tanh_c, grad_input=through_output)
            sigmoid_backward(d_c * g, i, grad_input=d_i)
            sigmoid_backward(d_c * c, f, grad_input=d_f)
            tanh_backward(d_c * i, g, grad_input=d_g)
            sigmoid_backward(d_next_h * tanh_c, o, grad_input=d_o)
            d_c *= f
            if needs_earlier_grad:
                product.add_to(d_h, d_p)
        d_weight = weight_gradient(d_gates, schedule.before(hidden), weight_hh.dtype)
        d_first = (d_hidden[schedule.initial_index], d_cell)
        return Gradients(d_gates, d_weight, None, d_first)
