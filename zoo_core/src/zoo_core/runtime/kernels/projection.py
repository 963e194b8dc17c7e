"""What the inputs of all steps contribute, W x + b, in one product, and the way back."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import AbstractSweep


def inner_bias(sweep: AbstractSweep, weight_hh: Tensor, bias_hh: Tensor | None) -> Tensor | None:
    """The inner gates' recurrent bias, which is no mere part of a sum; None if there is none."""
    if bias_hh is None or not sweep.inner_gates:
        return None
    return bias_hh[-sweep.inner_gates * weight_hh.shape[1] :]


def outer_bias(
    sweep: AbstractSweep, weight_hh: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None
) -> Tensor | None:
    """All biases but the inner gates' recurrent one, (G,)."""
    if bias_ih is None or bias_hh is None:
        return bias_ih
    if not sweep.inner_gates:
        return bias_ih + bias_hh
    bias = bias_ih.clone()
    outer = len(bias) - sweep.inner_gates * weight_hh.shape[1]
    bias[:outer] += bias_hh[:outer]
    return bias


def project(inputs: Tensor, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Features (N, F) or tokens (N,) to W x + b, (N, G), in memory of its own."""
    if inputs.is_floating_point() and dtype != weight.dtype:
        product = (inputs.to(dtype) @ weight.to(dtype).t()).to(weight.dtype)
        return product if bias is None else product.add_(bias)
    if inputs.is_floating_point():
        return inputs @ weight.t() if bias is None else torch.addmm(bias, inputs, weight.t())
    if len(inputs) < weight.shape[1]:
        picked = weight.t().index_select(0, inputs)
        return picked if bias is None else picked.add_(bias)
    table = weight.t().clone(memory_format=torch.contiguous_format)  # (V, G)
    return (table if bias is None else table.add_(bias)).index_select(0, inputs)


def input_gradients(
    wide: Tensor, inputs: Tensor, weight: Tensor, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """The gradients of W, (G, F), and of b, (G,), from that of W x + b, the last G columns."""
    own = slice(-len(weight), None)
    if inputs.is_floating_point():
        flat = wide[:, own]
        return flat.to(dtype).t() @ inputs.to(dtype), flat.sum(0)
    # of all columns, for of some it would first make a copy
    rows = wide.new_zeros(weight.shape[1], wide.shape[1]).index_add_(0, inputs, wide)[:, own]
    return rows.t(), rows.sum(0)
