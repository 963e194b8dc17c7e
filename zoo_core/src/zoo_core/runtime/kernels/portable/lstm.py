"""The LSTM, forth and back."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.portable.products import add_product, transposed
from zoo_core.runtime.kernels.sweep import AbstractSweep, Gradients, Kept, across
from zoo_core.runtime.kernels.walk import Walk


@final
class LstmSweep(AbstractSweep):
    """c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c'), the gates i f g o squashed from p + W h.

    Back, dc' gathers dh' ⊙ o ⊙ (1 - tanh²(c')), and then

        dp_i = dc' ⊙ g ⊙ i(1 - i)        dp_g = dc' ⊙ i ⊙ (1 - g²)
        dp_f = dc' ⊙ c ⊙ f(1 - f)        dp_o = dh' ⊙ tanh(c') ⊙ o(1 - o)
        dc = dc' ⊙ f                     dh += Wᵀ dp

    Everything right of dc' and dh' is known beforehand, for all steps at once.
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
            g.tanh_()
            o.sigmoid_()
            torch.mul(f, c, out=next_c).addcmul_(i, g)
            torch.mul(o, torch.tanh(next_c, out=tanh_c), out=next_h)
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
        count, batch, width = walk.before(hidden).shape
        i, f, g, o = gates.chunk(4, dim=2)
        d = torch.addcmul(gates, gates, gates, value=-1)  # i(1 - i) and so on; g's is made anew
        d4 = d.view(count, batch, 4, width)
        d4[:, :, 0].mul_(g)
        d4[:, :, 1].mul_(walk.before(cell))
        torch.mul(g, g, out=d4[:, :, 2]).neg_().add_(1).mul_(i)
        d4[:, :, 3].mul_(squashed)
        slope = squashed.square().neg_().add_(1).mul_(o)  # o ⊙ (1 - tanh²(c'))
        walk.silence(d)
        back = (
            walk.active(each)[::-1]
            for each in (d, d4[:, :, :3], d4[:, :, 3], slope, f, walk.after(d_hidden))
        )
        before = walk.active(walk.before(d_hidden))[::-1]
        steps = zip(*back, before, walk.goes_on[::-1], strict=True)
        for d_p, d_ifg, d_o, through, forget, d_h, d_before, goes_on in steps:
            d_c = d_cell[: len(d_h)]
            d_c.addcmul_(d_h, through)
            d_ifg.mul_(d_c.unsqueeze(1))
            d_o.mul_(d_h)
            d_c.mul_(forget)
            if goes_on:
                add_product(d_before, d_p, weight_hh)
        return Gradients(d, across(d, walk.before(hidden), weight_hh.dtype), None)
