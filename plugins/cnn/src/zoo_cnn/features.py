"""The feature stage: blocks of convolution, ReLU and pooling, over one, two or three sizes."""

from __future__ import annotations

import copy
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_cnn.configs import AbstractCnnConfig, CnnGridConfig
from zoo_core.errors import ConfigError

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
POOLS: dict[str, dict[int, type[nn.Module]]] = {
    "max": {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d},
    "average": {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d},
}


@final
class Block(nn.Module):
    """Convolution, ReLU, pooling.

    >>> square = torch.arange(16.0, 0.0, -1.0).view(1, 1, 4, 4)
    >>> block = Block(CnnGridConfig(padding=0, bias=False, pool_size=1), 2, 1, 1)
    >>> _ = nn.init.ones_(block.convolution.weight)
    >>> block.convolution(square).squeeze()
    tensor([[99., 90.],
            [63., 54.]], grad_fn=<SqueezeBackward0>)
    >>> Block(CnnGridConfig(), 2, 1, 1).pool(square).squeeze()
    tensor([[16., 14.],
            [ 8.,  6.]])

    Args:
        config: What a person chose.
        sizes: How many sizes the grid has: 1 for text, 2 for images, 3 for video.
        before: Channels that come in.
        after: Channels that go out.

    Raises:
        ConfigError: The settings do not go together.
    """

    def __init__(self, config: AbstractCnnConfig, sizes: int, before: int, after: int) -> None:
        super().__init__()
        _refuse(config, before, after)
        self.convolution = CONVOLUTIONS[sizes](
            before,
            after,
            config.kernel_size,
            config.stride,
            config.padding,
            config.dilation,
            config.groups,
            config.bias,
            config.padding_mode,
        )
        self.pool = _pool(config, sizes)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, C, ...) to (B, C', ...)."""
        pooled: Tensor = self.pool(torch.relu(self.convolution(inputs)))
        return pooled


def make_blocks(config: AbstractCnnConfig, sizes: int, before: int) -> tuple[nn.ModuleList, int]:
    """The blocks, each with twice the channels of the one before, and the last one's channels."""
    blocks = nn.ModuleList()
    for number in range(config.blocks):
        after = config.channels * 2**number
        blocks.append(Block(config, sizes, before, after))
        before = after
    return blocks, before


def out_of_grid(blocks: nn.ModuleList, channels: int, sizes: tuple[int, ...]) -> int:
    """How many numbers the blocks make of one grid; worked out on the meta device.

    Raises:
        ConfigError: They leave nothing of it.
    """
    try:
        with torch.no_grad():
            grid = torch.empty(1, channels, *sizes, device="meta")
            for block in copy.deepcopy(blocks).to("meta"):
                grid = block(grid)
    except (RuntimeError, ValueError) as error:
        shape = " × ".join(str(size) for size in sizes)
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"the convolutions leave nothing of a grid of {shape} ({reason}); choose fewer "
            "model.blocks, a smaller model.kernel_size or model.pool_size, or more model.padding"
        ) from None
    return grid.numel()


def _pool(config: AbstractCnnConfig, sizes: int) -> nn.Module:
    how: dict[str, Any] = {
        "stride": config.pool_stride or config.pool_size,
        "padding": config.pool_padding,
        "ceil_mode": config.ceil_mode,
    }
    if config.pool == "average":
        how["count_include_pad"] = config.count_include_pad
        if isinstance(config, CnnGridConfig):
            how["divisor_override"] = config.divisor_override
    return POOLS[config.pool][sizes](config.pool_size, **how)


def _refuse(config: AbstractCnnConfig, before: int, after: int) -> None:
    if before % config.groups or after % config.groups:
        raise ConfigError(
            f"model.groups = {config.groups}: expected a divisor of the channels that come in, "
            f"{before}, and of those that go out, {after}"
        )
    if 2 * config.pool_padding > config.pool_size:
        raise ConfigError(
            f"model.pool_padding = {config.pool_padding}: expected <= half of model.pool_size = "
            f"{config.pool_size}"
        )
    if isinstance(config, CnnGridConfig) and config.divisor_override and config.pool == "max":
        raise ConfigError(
            f"model.divisor_override = {config.divisor_override} goes with model.pool average only"
        )
