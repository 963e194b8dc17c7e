"""The projection of the inputs of all steps, W x + b, in one product, and its gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import AbstractCellPasses


def recurrent_bias(
    passes: AbstractCellPasses, weight_hh: Tensor, bias_hh: Tensor | None
) -> Tensor | None:
    """The part of the recurrent bias that the cell adds itself; None if there is none."""
    if bias_hh is None or passes.recurrent_bias_gates == 0:
        return None
    return bias_hh[-passes.recurrent_bias_gates * weight_hh.shape[1] :]


def input_bias(
    passes: AbstractCellPasses,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
) -> Tensor | None:
    """The sum of all biases, (G,), without the part that ``recurrent_bias`` returns."""
    if bias_ih is None or bias_hh is None:
        return bias_ih
    if passes.recurrent_bias_gates == 0:
        return bias_ih + bias_hh
    bias = bias_ih.clone()
    summed = len(bias) - passes.recurrent_bias_gates * weight_hh.shape[1]
    bias[:summed] += bias_hh[:summed]
    return bias


def project(inputs: Tensor, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Maps features (N, F) or tokens (N,) to W x + b, (N, G), in newly allocated memory."""
    if inputs.is_floating_point() and dtype != weight.dtype:
        product = (inputs.to(dtype) @ weight.to(dtype).t()).to(weight.dtype)
        return product if bias is None else product.add_(bias)
    if inputs.is_floating_point():
        return inputs @ weight.t() if bias is None else torch.addmm(bias, inputs, weight.t())
    if len(inputs) < weight.shape[1]:
        columns = weight.t().index_select(0, inputs)
        return columns if bias is None else columns.add_(bias)
    # with more tokens than symbols, adding the bias to the table first is less work
    return symbol_table(weight, bias).index_select(0, inputs)


def symbol_table(weight: Tensor, bias: Tensor | None) -> Tensor:
    """Returns W x + b of every symbol, (V, G), in newly allocated memory."""
    table = weight.t().clone(memory_format=torch.contiguous_format)
    return table if bias is None else table.add_(bias)


def input_gradients(
    grad: Tensor, rounded: Tensor, inputs: Tensor, weight: Tensor, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """The gradients of W, (G, F), and of b, (G,).

    Args:
        grad: The gradient of W x + b in its last G columns, (N, at least G).
        rounded: The same, which may be in the dtype of the product already.
        inputs: Features (N, F) or tokens (N,).
        weight: W, (G, F).
        dtype: The dtype of the product.
    """
    gate_columns = slice(-len(weight), None)
    if inputs.is_floating_point():
        product = rounded[:, gate_columns].to(dtype).t() @ inputs.to(dtype)
        return product, grad[:, gate_columns].sum(0)
    # index_add_ would copy a slice of the columns first, so it adds all of them
    table = grad.new_zeros(weight.shape[1], grad.shape[1]).index_add_(0, inputs, grad)
    return table_gradients(table, weight)


def table_gradients(grad: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of W, (G, V), and of b, (G,), by that of a symbol table, (V, at least G)."""
    rows = grad[:, -len(weight) :]
    return rows.t(), rows.sum(0)
