"""Settings of the convolutional classifiers and their data."""

from __future__ import annotations

from typing import Literal

from zoo_core import AbstractEmbeddingConfig, config, setting

MAX_CELLS = 65_536
"""Cells that a kernel or a window may span, far below where torch's integers end."""


@config
class AbstractCnnConfig:
    """Settings that all convolutional classifiers share."""

    blocks: int = setting(
        default=2,
        unit="blocks",
        at_least=1,
        at_most=30,
        help="Number of blocks of convolution, ReLU and pooling.",
    )
    channels: int = setting(
        default=16,
        unit="channels",
        at_least=1,
        help="Channels of the first block; each further block has twice as many.",
    )
    kernel_size: int = setting(
        default=3, unit="cells", at_least=1, at_most=MAX_CELLS, help="Width of the kernel."
    )
    stride: int = setting(
        default=1, unit="cells", at_least=1, at_most=MAX_CELLS, help="Stride of the convolution."
    )
    padding: int = setting(
        default=1,
        unit="cells",
        at_least=0,
        at_most=MAX_CELLS,
        help="Padding of the convolution at both ends.",
    )
    dilation: int = setting(
        default=1,
        unit="cells",
        at_least=1,
        at_most=MAX_CELLS,
        help="Distance between the cells of the kernel.",
        needs=("a kernel_size above 1", lambda config: config.kernel_size > 1),
    )
    groups: int = setting(
        default=1,
        unit="groups",
        at_least=1,
        help="Groups of channels that are convolved separately.",
    )
    bias: bool = setting(default=True, help="Whether the convolutions add biases.")
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = setting(
        default="zeros",
        help="Values of the padding, as in torch.nn.Conv1d.",
        needs=("padding", lambda config: config.padding > 0),
    )
    pool: Literal["max", "average"] = setting(default="max", help="Kind of pooling.")
    pool_size: int = setting(
        default=2,
        unit="cells",
        at_least=1,
        at_most=MAX_CELLS,
        help="Width of the pooling window.",
    )
    pool_stride: int | None = setting(
        default=None,
        unit="cells",
        at_least=1,
        at_most=MAX_CELLS,
        help="Stride of the pooling window; none: its width.",
    )
    pool_padding: int = setting(
        default=0,
        unit="cells",
        at_least=0,
        at_most=MAX_CELLS,
        help="Padding of the pooling at both ends, at most half the window.",
    )
    ceil_mode: bool = setting(default=False, help="Whether a last, incomplete window is pooled.")
    count_include_pad: bool = setting(
        default=True,
        help="Whether average pooling counts the padding.",
        needs=("the pool average", lambda config: config.pool == "average"),
    )
    linear_layers: int = setting(
        default=2,
        unit="layers",
        at_least=1,
        at_most=3,
        help="Number of linear layers of the classifier.",
    )
    classifier_size: int = setting(
        default=64,
        unit="units",
        at_least=1,
        help="Width between the linear layers.",
        needs=("a second linear layer (linear_layers)", lambda config: config.linear_layers > 1),
    )
    dropout: float = setting(
        default=0.0, at_least=0, below=1, help="Dropout probability before each linear layer."
    )


@config
class Cnn1dConfig(AbstractCnnConfig, AbstractEmbeddingConfig):
    """Settings of cnn1d: convolutions over time, the maximum of each channel, a classifier."""


@config
class CnnGridConfig(AbstractCnnConfig):
    """Settings of cnn2d and cnn3d: convolutions over an image or a video, a classifier."""

    divisor_override: int | None = setting(
        default=None,
        at_least=1,
        help="Divisor of average pooling; none: the cells of a window.",
    )


@config
class AbstractGridDataConfig:
    """Settings that all grid datasets share."""

    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the data held out for validation."
    )
    test: float = setting(
        default=0.2, at_least=0, below=1, help="Fraction of the data held out for the test."
    )


@config
class DigitsConfig(AbstractGridDataConfig):
    """Settings of digits: images of handwritten digits."""


@config
class MovingDigitsConfig(AbstractGridDataConfig):
    """Settings of moving-digits: videos of the same digits, moving over a canvas."""

    frames: int = setting(default=6, unit="frames", at_least=2, help="Frames per video.")
    canvas: int = setting(
        default=16, unit="cells", at_least=10, help="Height and width of the canvas."
    )
