"""Settings of the convolutional classifiers and their data."""

from __future__ import annotations

from typing import Literal

from zoo_core import AbstractEmbeddingConfig, config, setting


@config
class AbstractCnnConfig:
    """A feature stage of convolution, ReLU and pooling; a classifier stage of linear layers."""

    blocks: int = setting(
        default=2,
        unit="blocks",
        at_least=1,
        at_most=30,
        help="Blocks of convolution, ReLU, pooling.",
    )
    channels: int = setting(
        default=16, unit="channels", at_least=1, help="Of the first block; twice as many each next."
    )
    kernel_size: int = setting(default=3, unit="cells", at_least=1, help="Width of the kernel.")
    stride: int = setting(default=1, unit="cells", at_least=1, help="How far the kernel moves.")
    padding: int = setting(default=1, unit="cells", at_least=0, help="Added at both ends.")
    dilation: int = setting(
        default=1, unit="cells", at_least=1, help="From one of the kernel's cells to the next."
    )
    groups: int = setting(
        default=1, unit="groups", at_least=1, help="Groups of channels that see only each other."
    )
    bias: bool = setting(default=True, help="Whether convolutions add biases.")
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = setting(
        default="zeros", help="What is added."
    )
    pool: Literal["max", "average"] = setting(default="max", help="The kind of pooling.")
    pool_size: int = setting(default=2, unit="cells", at_least=1, help="Width of a pool.")
    pool_stride: int | None = setting(
        default=None, unit="cells", at_least=1, help="How far it moves; none: its width."
    )
    pool_padding: int = setting(
        default=0, unit="cells", at_least=0, help="Added at both ends, at most half the width."
    )
    ceil_mode: bool = setting(default=False, help="Keep a last pool that is not full.")
    count_include_pad: bool = setting(
        default=True, help="Whether average pooling counts the padding."
    )
    linear_layers: int = setting(
        default=2, unit="layers", at_least=1, at_most=3, help="Linear layers of the classifier."
    )
    classifier_size: int = setting(
        default=64, unit="units", at_least=1, help="Width between the linear layers."
    )
    dropout: float = setting(
        default=0.0, at_least=0, below=1, help="Share dropped before each linear layer."
    )


@config
class Cnn1dConfig(AbstractCnnConfig, AbstractEmbeddingConfig):
    """Convolution over time, the largest of each channel, a classifier."""


@config
class CnnGridConfig(AbstractCnnConfig):
    """Convolution over an image or a video, a classifier."""

    divisor_override: int | None = setting(
        default=None, at_least=1, help="What average pooling divides by; none: the cells of a pool."
    )


@config
class AbstractGridDataConfig:
    """Which part of the data is held out."""

    validation: float = setting(default=0.1, at_least=0, below=1, help="Share held out.")
    test: float = setting(default=0.2, at_least=0, below=1, help="Share held out.")


@config
class DigitsConfig(AbstractGridDataConfig):
    """Handwritten digits."""


@config
class MovingDigitsConfig(AbstractGridDataConfig):
    """The same digits, drifting over a canvas."""

    frames: int = setting(default=6, unit="frames", at_least=2, help="Length of a video.")
    canvas: int = setting(
        default=16, unit="cells", at_least=10, help="Height and width of the canvas."
    )
