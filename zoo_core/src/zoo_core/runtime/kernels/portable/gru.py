"""The GRU, forth and back."""

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
class GruSweep(AbstractSweep):
    """h' = n + z ⊙ (h - n), with n = tanh(p_n + r ⊙ q), q = W_n h + b_n; r and z as gates are.

    Back, with s = (1 - z) ⊙ (1 - n²),

        dp_n = dh' ⊙ s                       dq = dh' ⊙ s ⊙ r
        dp_r = dh' ⊙ s ⊙ q ⊙ r(1 - r)        dp_z = dh' ⊙ (h - n) ⊙ z(1 - z)
        dh += dh' ⊙ z + W_rᵀ dp_r + W_zᵀ dp_z + W_nᵀ dq

    Everything right of dh' is known beforehand, for all steps at once. The four lie side by side
    as dq, dp_r, dp_z, dp_n: the first three meet the recurrent weights, with W_n put in front, the
    last three the inputs'.
    """

    inner_gates = 1

    def forth(
        self,
        walk: Walk,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Kept:
        """See AbstractSweep."""
        (hidden,) = states
        weight, width = transposed(weight_hh, walk), hidden.shape[2]
        weight_rz, weight_n = weight[:, : 2 * width], weight[:, 2 * width :]
        bias = hidden.new_zeros(width) if bias_hh is None else bias_hh
        inner = torch.empty_like(walk.before(hidden))  # q
        each_gate = (walk.active(gate) for gate in projected.chunk(3, dim=2))
        steps = zip(
            walk.active(projected[:, :, : 2 * width]),
            *each_gate,
            walk.active(inner),
            walk.active(walk.before(hidden)),
            walk.active(walk.after(hidden)),
            strict=True,
        )
        for r_and_z, r, z, n, q, h, following in steps:
            add_product(r_and_z, h, weight_rz).sigmoid_()
            add_product(q.copy_(bias), h, weight_n)
            tanh(n.addcmul_(r, q), out=n)
            torch.lerp(n, h, z, out=following)
        return projected, inner

    def back(
        self,
        walk: Walk,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        kept: Kept,
        slopes: tuple[Tensor, ...],
    ) -> Gradients:
        """See AbstractSweep."""
        (hidden,), (gates, inner), (d_hidden,) = states, kept, slopes
        before, width = walk.before(hidden), hidden.shape[2]
        r, z, n = gates.chunk(3, dim=2)
        d4 = hidden.new_empty(*before.shape[:2], 4, width)
        d_q, d_r, d_z, d_n = d4.unbind(2)
        tanh_backward(1 - z, n, grad_input=d_n)  # s
        torch.mul(d_n, r, out=d_q)
        sigmoid_backward(d_n * inner, r, grad_input=d_r)
        sigmoid_backward(before - n, z, grad_input=d_z)
        walk.silence(d4)
        d = d4.flatten(2)  # (T, B, 4H)
        weight = weight_hh.roll(width, 0)  # n r z
        back = (
            walk.active(each)[::-1] for each in (d4, d[:, :, : 3 * width], z, walk.after(d_hidden))
        )
        earlier = walk.active(walk.before(d_hidden))[::-1]
        steps = zip(*back, earlier, walk.goes_on[::-1], strict=True)
        for d_all, d_qrz, update, d_h, d_before, goes_on in steps:
            d_all.mul_(d_h.unsqueeze(1))
            if goes_on:
                add_product(d_before.addcmul_(d_h, update), d_qrz, weight)
        d_weight = across(d[:, :, : 3 * width], before, weight_hh.dtype).roll(-width, 0)
        return Gradients(d, d_weight, d_q.sum((0, 1)))
