"""How long a padded row still is after each layer, and for which settings that can be said."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor

from zoo_cnn.configs import AbstractCnnConfig
from zoo_core.errors import MisfitError

L = TypeVar("L", int, Tensor)
"""The length of one row, or the lengths of all of them, (B,)."""


def after_convolution(lengths: L, config: AbstractCnnConfig) -> L:
    """The lengths after ``torch.nn.Conv1d``, by its formula; below 1 where nothing is left."""
    reach = config.dilation * (config.kernel_size - 1) + 1
    return (lengths + 2 * config.padding - reach) // config.stride + 1


def after_pool(lengths: L, config: AbstractCnnConfig) -> L:
    """The lengths after ``torch.nn.MaxPool1d`` or ``AvgPool1d``, by their formula."""
    room = lengths + 2 * config.pool_padding - config.pool_size
    stride = config.pool_stride or config.pool_size
    if not config.ceil_mode:
        return room // stride + 1
    pooled = -(-room // stride) + 1
    beyond = (pooled - 1) * stride >= lengths + config.pool_padding  # starts in the padding
    return pooled - beyond * 1


def check_lengths(config: AbstractCnnConfig) -> None:
    """Says so if rows of unlike length would not give what they give alone.

    Raises:
        MisfitError: The padding is not of zeros, or average pooling leaves some of it uncounted.
    """
    average = config.pool == "average"
    uncounted = config.pool_padding > 0 and not config.count_include_pad
    obstacles = {
        f"model.padding_mode = {config.padding_mode}": config.padding_mode != "zeros",
        "model.ceil_mode = true with average pooling": average and config.ceil_mode,
        "model.count_include_pad = false": average and uncounted,
    }
    found = [said for said, stands in obstacles.items() if stands]
    if found:
        raise MisfitError(f"rows of unlike length do not go with {', '.join(found)}")
