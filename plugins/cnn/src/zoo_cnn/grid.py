"""Convolutional classifiers of images and videos."""

from __future__ import annotations

import math
from typing import final

from zoo_cnn.configs import CnnGridConfig
from zoo_cnn.lengths import length_after_convolution, length_after_pool, smallest_to_pad
from zoo_cnn.stages import make_blocks, make_classifier
from zoo_core import Grid, Signature
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State


@final
class GridClassifier(AbstractModel):
    """A feature stage, flattened, and a classifier stage.

        z = classifier(block_n(… block_1(x)))

    x is the grid (B, C, *sizes), z the logits (B, classes). The channels of the last block are
    flattened to a vector.

    Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998).

    Args:
        config: Settings of the model.
        signature: A grid with one label for the whole of it.
        dimensions: Dimensions of the grid: 2 for images, 3 for videos.

    Raises:
        ConfigError: The settings do not fit together, or leave nothing of the grid.
        MisfitError: The grid has another number of dimensions.
    """

    causal = False
    carries_state = False

    def __init__(self, config: CnnGridConfig, signature: Signature, dimensions: int) -> None:
        super().__init__(signature)
        grid = signature.inputs
        assert isinstance(grid, Grid), "the spec accepts only grids"
        if len(grid.sizes) != dimensions:
            raise MisfitError(
                f"cnn{dimensions}d takes a grid of {dimensions} dimensions, not {len(grid.sizes)}"
            )
        self.features, channels = make_blocks(config, dimensions, grid.channels)
        self.classifier = make_classifier(
            config, _count_features(config, grid, channels), signature.outputs.width
        )

    def initial_state(self, batch_size: int) -> None:
        """Returns None: the model has no state."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Maps a grid (B, C, *sizes) to logits (B, classes)."""
        grid = batch.inputs
        for block in self.features:
            grid = block(grid)
        return Output(self.classifier(grid.flatten(1)), None)


def cnn2d(config: CnnGridConfig, signature: Signature) -> GridClassifier:
    """Returns the classifier of images."""
    return GridClassifier(config, signature, dimensions=2)


def cnn3d(config: CnnGridConfig, signature: Signature) -> GridClassifier:
    """Returns the classifier of videos."""
    return GridClassifier(config, signature, dimensions=3)


def _count_features(config: CnnGridConfig, grid: Grid, channels: int) -> int:
    """Returns how many numbers the blocks compute from one grid.

    Running them on torch's meta device would tell it too, but imports torch's compiler.

    Args:
        config: Settings of the model.
        grid: The inputs.
        channels: Channels of the last block.

    Raises:
        ConfigError: They leave nothing of the grid.
    """
    sizes, shape = grid.sizes, " × ".join(str(size) for size in grid.sizes)
    for _ in range(config.blocks):
        convolved = [length_after_convolution(size, config) for size in sizes]
        pooled = [length_after_pool(size, config) for size in convolved]
        if min(sizes) < smallest_to_pad(config) or min(*convolved, *pooled) < 1:
            raise ConfigError(
                f"the convolutions leave nothing of a grid of {shape}; choose fewer "
                "model.blocks, a smaller model.kernel_size or model.pool_size, or other "
                "model.padding"
            )
        sizes = tuple(pooled)
    return channels * math.prod(sizes)
