"""The two stages of a convolutional classifier: features and classes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_cnn.configs import AbstractCnnConfig, CnnGridConfig
from zoo_core.errors import ConfigError


@final
class MaxPool1d(nn.MaxPool1d):
    """torch's layer, which torch.export can trace for any number of steps."""

    def forward(self, input: Tensor) -> Tensor:
        """Maps (B, C, T) to (B, C, T')."""
        if not torch.compiler.is_compiling():
            pooled: Tensor = super().forward(input)
            return pooled
        # torch's own one-dimensional pooling would fix the number of steps in a trace
        rows = input.unsqueeze(2)
        pooled = nn.functional.max_pool2d(
            rows,
            (1, self.kernel_size),  # type: ignore[arg-type]  # an int, as the block makes it
            (1, self.stride),  # type: ignore[arg-type]
            (0, self.padding),  # type: ignore[arg-type]
            ceil_mode=self.ceil_mode,
        )
        return pooled.squeeze(2)


CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
POOLS: dict[str, dict[int, type[nn.Module]]] = {
    "max": {1: MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d},
    "average": {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d},
}


@final
class Block(nn.Module):
    """Convolution, ReLU, pooling.

        y = pool(relu(W ∗ x + b))

    x is the input (B, C, *sizes), y the output (B, C', *sizes'), ∗ the convolution as torch has it,
    which does not mirror W. ``convolution`` holds W (C', C, *kernel) and b (C',).

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
        config: Settings of the model.
        dimensions: 1 for text, 2 for images, 3 for video.
        in_channels: Channels of the input.
        out_channels: Channels of the output.

    Raises:
        ConfigError: The settings do not fit together.
    """

    def __init__(
        self, config: AbstractCnnConfig, dimensions: int, in_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        _check_settings(config, in_channels, out_channels)
        self.convolution = CONVOLUTIONS[dimensions](
            in_channels,
            out_channels,
            config.kernel_size,
            config.stride,
            config.padding,
            config.dilation,
            config.groups,
            config.bias,
            config.padding_mode,
        )
        self.pool = _make_pool(config, dimensions)

    def forward(self, inputs: Tensor) -> Tensor:
        """Maps (B, C, *sizes) to (B, C', *sizes')."""
        pooled: Tensor = self.pool(torch.relu(self.convolution(inputs)))
        return pooled


def make_blocks(
    config: AbstractCnnConfig, dimensions: int, in_channels: int
) -> tuple[nn.ModuleList, int]:
    """Returns the blocks of the feature stage and the channels of the last one.

    The first block has ``config.channels`` channels, and every other has twice as many as the
    block before.

    Raises:
        ConfigError: The settings do not fit together.
    """
    blocks = nn.ModuleList()
    for number in range(config.blocks):
        out_channels = config.channels * 2**number
        blocks.append(Block(config, dimensions, in_channels, out_channels))
        in_channels = out_channels
    return blocks, in_channels


def make_classifier(config: AbstractCnnConfig, features: int, classes: int) -> nn.Sequential:
    """Returns linear layers with dropout before each and ReLU between them.

    Two classes have two logits, like any other number of classes: their cross entropy is that of
    one logit and its sigmoid, with the difference of the two as the logit.

    Args:
        config: Settings of the model.
        features: Numbers per input.
        classes: Logits per output.
    """
    widths = [features, *[config.classifier_size] * (config.linear_layers - 1), classes]
    layers: list[nn.Module] = []
    for in_features, out_features in pairwise(widths):
        if layers:
            layers.append(nn.ReLU())
        layers += [nn.Dropout(config.dropout), nn.Linear(in_features, out_features)]
    return nn.Sequential(*layers)


def _make_pool(config: AbstractCnnConfig, dimensions: int) -> nn.Module:
    options: dict[str, Any] = {
        "stride": config.pool_stride or config.pool_size,
        "padding": config.pool_padding,
        "ceil_mode": config.ceil_mode,
    }
    if config.pool == "average":
        options["count_include_pad"] = config.count_include_pad
        if isinstance(config, CnnGridConfig):
            options["divisor_override"] = config.divisor_override
    return POOLS[config.pool][dimensions](config.pool_size, **options)


def _check_settings(config: AbstractCnnConfig, in_channels: int, out_channels: int) -> None:
    """Raises ConfigError if settings do not fit together."""
    if in_channels % config.groups or out_channels % config.groups:
        raise ConfigError(
            f"model.groups = {config.groups}: expected a divisor of the input channels, "
            f"{in_channels}, and of the output channels, {out_channels}"
        )
    if 2 * config.pool_padding > config.pool_size:
        raise ConfigError(
            f"model.pool_padding = {config.pool_padding}: expected <= half of model.pool_size = "
            f"{config.pool_size}"
        )
    if isinstance(config, CnnGridConfig) and config.divisor_override and config.pool == "max":
        raise ConfigError(
            f"model.divisor_override = {config.divisor_override} requires model.pool average"
        )
