"""What a recurrent layer is made with and called with, checked before a kernel gets it.

Kernels check nothing: some would compute with numbers beyond the end of a tensor, and some would
read memory of another device as that of the CPU.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn.cell import AbstractCell

INDEX_DTYPES = (torch.int64, torch.int32)
"""The dtypes of tokens and lengths: those of ``torch.nn.functional.embedding``."""


def check_sizes(sizes: dict[str, int], dropout: float) -> None:
    """Checks what a layer is made with.

    Args:
        sizes: Numbers that must be at least 1, by the names of the arguments.
        dropout: A probability.

    Raises:
        ConfigError: A size is no integer or less than 1, or the probability is not one.
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ConfigError(f"{name} = {size!r}: expected an integer >= 1")
    if not isinstance(dropout, int | float) or not 0 <= dropout <= 1 or math.isnan(dropout):
        raise ConfigError(f"dropout = {dropout!r}: expected a number from 0 to 1")


def check_inputs(inputs: Tensor, width: int, like: Tensor, *, embedded: bool = False) -> None:
    """Checks the inputs of a layer.

    Args:
        inputs: Features (B, T, F), or tokens (B, T).
        width: F.
        like: A weight of the layer.
        embedded: Whether the inputs are to be tokens, for an embedding.

    Raises:
        MisfitError: They are no tensor, sparse, nested, on another device, of another shape or
            dtype, or have no step.
    """
    if not isinstance(inputs, Tensor):
        padded = isinstance(inputs, PackedSequence)
        remedy = "; pass the padded rows and their lengths" if padded else ""
        raise MisfitError(f"inputs are a {type(inputs).__name__}, expected a tensor{remedy}")
    if inputs.layout != torch.strided or inputs.is_nested:
        raise MisfitError("inputs are a sparse or nested tensor, expected a dense one")
    if inputs.device != like.device:
        raise MisfitError(f"inputs are on {inputs.device}, expected {like.device}")
    shape, is_float = inputs.shape, inputs.is_floating_point()
    has_form = len(shape) == 2 + is_float and not (is_float and embedded)
    if not has_form or (is_float and shape[2] != width):
        expected = "tokens (B, T) of an integer type"
        if not embedded:
            expected += f", or features (B, T, {width})"
        if is_float and len(shape) == 2 and shape[1] == width:
            expected += "; a single sequence is a batch of 1: inputs.unsqueeze(0)"
        raise MisfitError(f"inputs are {tuple(shape)} of {inputs.dtype}, expected {expected}")
    if not is_float and inputs.dtype not in INDEX_DTYPES:
        raise MisfitError(f"inputs are {inputs.dtype}, expected tokens of torch.int64 or floats")
    if not shape[1]:
        raise MisfitError("inputs have 0 steps, expected >= 1")


def check_marks(inputs: Tensor, lengths: Tensor | None, resets: Tensor | None) -> None:
    """Checks lengths and resets for inputs (B, T) or (B, T, F).

    Raises:
        MisfitError: They do not fit the inputs.
    """
    rows, steps = inputs.shape[:2]
    if lengths is not None:
        _check_lengths(rows, steps, lengths)
    if resets is not None:
        _check_resets(rows, steps, resets)


def check_elapsed(cell: AbstractCell[Any], inputs: Tensor, elapsed: Tensor | None) -> None:
    """Checks the times of inputs (B, T) or (B, T, F).

    Raises:
        MisfitError: They are no tensor, do not fit the inputs, or the cell takes no times.
    """
    if elapsed is None:
        return
    if not cell.takes_elapsed:
        raise MisfitError(f"elapsed: {cell.name} takes no times")
    _check_shape("elapsed is", elapsed, tuple(inputs.shape[:2]))


def _check_shape(what: str, tensor: object, shape: tuple[int, ...]) -> None:
    """Checks that something is a tensor of a shape.

    Args:
        what: The beginning of the message, such as ``lengths are``.
        tensor: What is to be a tensor.
        shape: The shape.

    Raises:
        MisfitError: It is no tensor, or has another shape.
    """
    if not isinstance(tensor, Tensor):
        raise MisfitError(f"{what} a {type(tensor).__name__}, expected a tensor {shape}")
    if tensor.shape != shape:
        raise MisfitError(f"{what} {tuple(tensor.shape)}, expected {shape}")


def _check_lengths(rows: int, steps: int, lengths: Tensor) -> None:
    """Checks the lengths of a batch.

    Args:
        rows: B.
        steps: T.
        lengths: The number of valid steps of each row, (B,).

    Raises:
        MisfitError: The lengths are no tensor of B whole numbers from 1 to T.
    """
    _check_shape("lengths are", lengths, (rows,))
    if lengths.dtype not in INDEX_DTYPES:
        raise MisfitError(f"lengths are {lengths.dtype}, expected torch.int64")
    if not rows:
        return
    shortest, longest = (int(length) for length in lengths.aminmax())
    if not 1 <= shortest <= longest <= steps:
        raise MisfitError(f"lengths are {shortest} to {longest}, expected 1 to {steps}")


def _check_resets(rows: int, steps: int, resets: Tensor) -> None:
    """Checks the marks of a batch at which the state starts anew.

    Args:
        rows: B.
        steps: T.
        resets: The marks, (B, T).

    Raises:
        MisfitError: They are no tensor of booleans of this shape.
    """
    _check_shape("resets are", resets, (rows, steps))
    if resets.dtype != torch.bool:
        raise MisfitError(f"resets are {resets.dtype}, expected torch.bool")
