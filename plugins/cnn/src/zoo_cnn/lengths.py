"""How long a padded row still is after a block, and for which settings that can be said."""

from __future__ import annotations

import torch
from torch import Tensor
from zoo_core.errors import MisfitError

from zoo_cnn.configs import AbstractCnnConfig


def after_block(lengths: Tensor, config: AbstractCnnConfig) -> Tensor:
    """The lengths (B,) after convolution and pooling, by the formulas of torch.nn.

    Args:
        lengths: Before, (B,).
        config: What a person chose.
    """
    reach = config.dilation * (config.kernel_size - 1) + 1
    convolved = (lengths + 2 * config.padding - reach) // config.stride + 1
    room = convolved + 2 * config.pool_padding - config.pool_size
    stride = config.pool_stride or config.pool_size
    if not config.ceil_mode:
        return torch.where(convolved < 1, 0, room // stride + 1)
    pooled = -(-room // stride) + 1
    beyond = (pooled - 1) * stride >= convolved + config.pool_padding  # starts in the padding
    return torch.where(convolved < 1, 0, pooled - beyond.long())


def refuse_lengths(config: AbstractCnnConfig) -> None:
    """Says so if rows of unlike length would not give what they give alone.

    Raises:
        MisfitError: The padding is not of zeros, or average pooling leaves some of it uncounted.
    """
    average = config.pool == "average"
    obstacles = {
        f"model.padding_mode = {config.padding_mode}": config.padding_mode != "zeros",
        "model.ceil_mode = true with average pooling": average and config.ceil_mode,
        "model.count_include_pad = false": average
        and config.pool_padding > 0
        and not config.count_include_pad,
    }
    found = [said for said, stands in obstacles.items() if stands]
    if found:
        raise MisfitError(f"rows of unlike length do not go with {', '.join(found)}")
