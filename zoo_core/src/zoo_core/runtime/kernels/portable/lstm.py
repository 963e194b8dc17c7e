"""The LSTM, forth and back."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import AbstractSweep, Gradients, Kept, across
from zoo_core.runtime.kernels.portable.products import add_product, transposed
from zoo_core.runtime.kernels.portable.squashing import (
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from zoo_core.runtime.kernels.schedule import Walk


@final
class LstmSweep(AbstractSweep):
    """c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c'), the gates i f g o squashed from p + W h.

    Back, dc' gathers dh' ⊙ o ⊙ (1 - tanh²(c')), and then

        dp_i = dc' ⊙ g ⊙ i(1 - i)        dp_g = dc' ⊙ i ⊙ (1 - g²)
        dp_f = dc' ⊙ c ⊙ f(1 - f)        dp_o = dh' ⊙ tanh(c') ⊙ o(1 - o)
        dc = dc' ⊙ f                     dh += Wᵀ dp
    """

    def forth(
        self,
        walk: Walk,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Kept:
        """See AbstractSweep."""
        hidden = states[0]
        weight, width = transposed(weight_hh, walk), hidden.shape[2]
        before = (walk.active(walk.before(each)) for each in states)
        after = (walk.active(walk.after(each)) for each in states)
        each_gate = (walk.active(gate) for gate in projected.chunk(4, dim=2))
        both = walk.active(projected[:, :, : 2 * width])  # i and f side by side
        squashed = torch.empty_like(walk.before(hidden))  # tanh(c')
        others = (*before, *after, walk.active(squashed))
        steps = zip(walk.active(projected), both, *each_gate, *others, strict=True)
        for gates, i_and_f, i, f, g, o, h, c, next_h, next_c, tanh_c in steps:
            add_product(gates, h, weight)
            i_and_f.sigmoid_()
            tanh(g, out=g)
            o.sigmoid_()
            torch.mul(f, c, out=next_c).addcmul_(i, g)
            torch.mul(o, tanh(next_c, out=tanh_c), out=next_h)
        return projected, squashed

    def back(
        self,
        walk: Walk,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        kept: Kept,
        slopes: tuple[Tensor, ...],
    ) -> Gradients:
        """See AbstractSweep."""
        (hidden, cell), (gates, squashed), (d_hidden, d_cell) = states, kept, slopes
        d = torch.empty_like(gates)
        walk.silence(d)
        back = (
            walk.active(each)[::-1]
            for each in (
                *gates.chunk(4, dim=2),
                *d.chunk(4, dim=2),
                d,
                walk.before(cell),
                squashed,
                walk.after(d_hidden),
                walk.before(d_hidden),
            )
        )
        for i, f, g, o, d_i, d_f, d_g, d_o, d_p, c, tanh_c, d_h, d_before, goes_on in zip(
            *back, walk.goes_on[::-1], strict=True
        ):
            d_c = d_cell[: len(d_h)]
            through = d_h * o
            d_c += tanh_backward(through, tanh_c, grad_input=through)
            sigmoid_backward(d_c * g, i, grad_input=d_i)
            sigmoid_backward(d_c * c, f, grad_input=d_f)
            tanh_backward(d_c * i, g, grad_input=d_g)
            sigmoid_backward(d_h * tanh_c, o, grad_input=d_o)
            d_c *= f
            if goes_on:
                add_product(d_before, d_p, weight_hh)
        return Gradients(d, across(d, walk.before(hidden), weight_hh.dtype), None)
