"""The lengths that convolutions and pooling leave, by torch's formulas."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor

from zoo_cnn.configs import AbstractCnnConfig

L = TypeVar("L", int, Tensor)
"""The length of one row, or the lengths of all rows, (B,)."""


def length_after_convolution(lengths: L, config: AbstractCnnConfig) -> L:
    """Returns the lengths after ``torch.nn.Conv1d``; < 1 where nothing is left."""
    receptive_field = config.dilation * (config.kernel_size - 1) + 1
    return (lengths + 2 * config.padding - receptive_field) // config.stride + 1


def length_after_pool(lengths: L, config: AbstractCnnConfig) -> L:
    """Returns the lengths after ``torch.nn.MaxPool1d`` or ``AvgPool1d``."""
    room = lengths + 2 * config.pool_padding - config.pool_size
    stride = config.pool_stride or config.pool_size
    if not config.ceil_mode:
        return room // stride + 1
    pooled = -(-room // stride) + 1
    # torch drops a last window that would start in the padding at the end
    in_padding = (pooled - 1) * stride >= lengths + config.pool_padding
    return pooled - in_padding * 1  # tensors of bool cannot be subtracted


def smallest_to_pad(config: AbstractCnnConfig) -> int:
    """Returns the smallest size that torch pads in this way; it repeats only cells that exist."""
    if config.padding_mode == "reflect":
        return config.padding + 1
    if config.padding_mode == "circular":
        return config.padding
    return 1
