"""Weights in 8-bit integers, with one scale for each row."""

from __future__ import annotations

import copy
from typing import NamedTuple, TypeVar, final

import torch
from torch import Tensor

from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import AbstractModel, RecurrentModel

M = TypeVar("M", bound=AbstractModel)
LARGEST = 127
"""The largest integer; the smallest is its negative."""


@final
class Int8Rows(NamedTuple):
    """A weight whose row r is ``integers[r] * scales[r]``.

    Args:
        integers: From -127 to 127, int8, (N, K).
        scales: At least 0, (N,).
    """

    integers: Tensor
    scales: Tensor

    def widened(self) -> Tensor:
        """Returns the weight as floating-point numbers, (N, K)."""
        return self.integers.to(self.scales.dtype) * self.scales.unsqueeze(1)


def round_rows(weight: Tensor) -> Int8Rows:
    """Rounds a weight (N, K) to the nearest integers times the scale of its row.

    The scale is the largest absolute number of the row over 127.
    """
    scales = weight.abs().amax(1) / LARGEST
    divisors = torch.where(scales > 0, scales, 1).unsqueeze(1)
    integers = (weight / divisors).round().clamp(-LARGEST, LARGEST).to(torch.int8)
    return Int8Rows(integers, scales)


@torch.no_grad()
def with_int8_weights(model: M) -> M:
    """Returns a copy of a model whose weights are rounded by ``round_rows``.

    Those of the embedding, the recurrent layers and the output layer are rounded; biases, sums,
    gates and states keep their precision. The numbers are stored as before, so that every kernel
    reads them.

    Raises:
        MisfitError: The model is no recurrent model with a ``weight_ih``, or its cell has matrices
            that are no weights of a product.
    """
    if not isinstance(model, RecurrentModel) or not _multiplies_alone(model):
        raise MisfitError(
            "precision = int8: the weights of this model cannot be rounded to 8 bits; "
            "choose fp32 or bf16"
        )
    rounded = copy.deepcopy(model)
    for parameter in rounded.parameters():
        if parameter.dim() == 2:
            parameter.copy_(round_rows(parameter).widened())
    return rounded


def at_precision(model: M, precision: str) -> tuple[M, str]:
    """Returns the model of a precision, and the precision that it computes in.

    Args:
        model: The model.
        precision: ``fp32``, ``bf16`` or ``int8``.

    Returns:
        For ``int8`` the model of ``with_int8_weights`` and ``fp32``, otherwise what was given.
    """
    return (with_int8_weights(model), "fp32") if precision == "int8" else (model, precision)


def _multiplies_alone(model: RecurrentModel) -> bool:
    """Whether every matrix of a model's cell is the weight of a product."""
    shapes = model.recurrent.cell.parameter_shapes(model.recurrent.input_size)
    matrices = [name for name, shape in shapes.items() if len(shape) != 1]
    return "weight_ih" in matrices and all(
        name.startswith("weight_") and len(shapes[name]) == 2 for name in matrices
    )
