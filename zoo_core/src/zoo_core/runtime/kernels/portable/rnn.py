"""The RNN, forth and back."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import AbstractSweep, Gradients, Kept, across
from zoo_core.runtime.kernels.portable.products import add_product, transposed
from zoo_core.runtime.kernels.portable.squashing import (
    tanh,
    tanh_backward,
    threshold_backward,
)
from zoo_core.runtime.kernels.schedule import Walk


@final
class RnnSweep(AbstractSweep):
    """h' = φ(p + W h), dp = dh' φ'(h'), dh += Wᵀ dp.

    Args:
        nonlinearity: φ, ``tanh`` or ``relu``; either's slope follows from its value.
    """

    def __init__(self, nonlinearity: str) -> None:
        self.tanh = nonlinearity == "tanh"

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
        weight = transposed(weight_hh, walk)
        for p, h, following in zip(
            walk.active(projected),
            walk.active(walk.before(hidden)),
            walk.active(walk.after(hidden)),
            strict=True,
        ):
            add_product(p, h, weight)
            tanh(p, out=following) if self.tanh else torch.clamp_min(p, 0, out=following)
        return ()

    def back(
        self,
        walk: Walk,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        kept: Kept,
        slopes: tuple[Tensor, ...],
    ) -> Gradients:
        """See AbstractSweep."""
        (hidden,), (d_hidden,) = states, slopes
        d = torch.empty_like(walk.after(hidden))
        walk.silence(d)
        for d_p, h, d_after, d_before, goes_on in zip(
            walk.active(d)[::-1],
            walk.active(walk.after(hidden))[::-1],
            walk.active(walk.after(d_hidden))[::-1],
            walk.active(walk.before(d_hidden))[::-1],
            walk.goes_on[::-1],
            strict=True,
        ):
            if self.tanh:
                tanh_backward(d_after, h, grad_input=d_p)
            else:
                threshold_backward(d_after, h, 0, grad_input=d_p)
            if goes_on:
                add_product(d_before, d_p, weight_hh)
        return Gradients(d, across(d, walk.before(hidden), weight_hh.dtype), None)
