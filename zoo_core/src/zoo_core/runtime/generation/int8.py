"""Weights in 8-bit integers, with one scale for each row."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar, final
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import Parameter

from zoo_core.errors import ConfigError, MisfitError
from zoo_core.run_folder.run_config import USE_PRECISIONS
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


@final
class RoundedMatrices(NamedTuple):
    """Matrices, and the same rounded by ``round_rows``.

    Args:
        originals: Copies of the matrices, (N, K) each.
        rounded: Of the same shapes.
    """

    originals: list[Tensor]
    rounded: list[Tensor]

    @classmethod
    def of(cls, matrices: Sequence[Tensor]) -> RoundedMatrices:
        """Rounds matrices."""
        originals = [matrix.detach().clone() for matrix in matrices]
        return cls(originals, [round_rows(matrix).widened() for matrix in originals])

    def are_of(self, matrices: Sequence[Tensor]) -> bool:
        """Whether matrices have the numbers, dtypes and devices of the originals.

        The numbers themselves are compared: a count of changes would miss those of code that
        writes to the memory of a tensor.
        """
        return len(matrices) == len(self.originals) and all(
            old.dtype == new.dtype and old.device == new.device and torch.equal(old, new)
            for old, new in zip(self.originals, matrices, strict=True)
        )


def with_int8_weights(model: M) -> M:
    """Returns a copy of a model whose weights are rounded by ``round_rows``.

    Those of the embedding, the recurrent layers and the output layer are rounded; biases, sums,
    gates and states keep their precision. The numbers are stored as before, so that every kernel
    reads them.

    Raises:
        MisfitError: The model is no recurrent model with a ``weight_ih``, or its cell has matrices
            that are no weights of a product.
    """
    _check_matrices(model)
    return _with_matrices(model, RoundedMatrices.of(_matrices(model)).rounded)


def _check_matrices(model: AbstractModel) -> None:
    """Raises MisfitError if a model cannot be rounded."""
    if not isinstance(model, RecurrentModel) or not _multiplies_alone(model):
        raise MisfitError(
            "precision = int8: the weights of this model cannot be rounded to 8 bits; "
            "choose fp32 or bf16"
        )


def _matrices(model: AbstractModel) -> list[Parameter]:
    return [parameter for parameter in model.parameters() if parameter.dim() == 2]


def _with_matrices(model: M, matrices: Sequence[Tensor]) -> M:
    """A copy of a model with these tensors in place of its matrices."""
    copies: dict[int, object] = {
        id(old): Parameter(new, requires_grad=old.requires_grad)
        for old, new in zip(_matrices(model), matrices, strict=True)
    }
    return copy.deepcopy(model, copies)


@cache
def _latest_roundings() -> WeakKeyDictionary[AbstractModel, RoundedMatrices]:
    """The rounded matrices of each model that lives and was used in 8 bits."""
    return WeakKeyDictionary()


def at_precision(model: M, precision: str) -> tuple[M, str]:
    """Returns the model of a precision, and the precision that it computes in.

    Weights in 8 bits are rounded again only if they have changed since the last call.

    Args:
        model: The model.
        precision: ``fp32``, ``bf16`` or ``int8``.

    Returns:
        For ``int8`` the model of ``with_int8_weights`` and ``fp32``, otherwise what was given.

    Raises:
        ConfigError: The precision is none of these.
        MisfitError: The weights of the model cannot be rounded to 8 bits.
    """
    if precision not in USE_PRECISIONS:
        *others, last = USE_PRECISIONS
        raise ConfigError(f"precision = {precision!r}: expected {', '.join(others)} or {last}")
    if precision != "int8":
        return model, precision
    _check_matrices(model)
    matrices, latest = _matrices(model), _latest_roundings()
    found = latest.get(model)
    if found is None or not found.are_of(matrices):
        found = latest[model] = RoundedMatrices.of(matrices)
    return _with_matrices(model, [matrix.clone() for matrix in found.rounded]), "fp32"


def _multiplies_alone(model: RecurrentModel) -> bool:
    """Whether every matrix of a model's cell is the weight of a product."""
    shapes = model.recurrent.cell.parameter_shapes(model.recurrent.input_size)
    matrices = [name for name, shape in shapes.items() if len(shape) != 1]
    return "weight_ih" in matrices and all(
        name.startswith("weight_") and len(shapes[name]) == 2 for name in matrices
    )
