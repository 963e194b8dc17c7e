"""Convolutional classifiers of images and videos."""

from __future__ import annotations

import copy
from typing import final

import torch
from torch import nn

from zoo_cnn.configs import CnnGridConfig
from zoo_cnn.stages import make_blocks, make_classifier
from zoo_core import Grid, Signature
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State


@final
class GridClassifier(AbstractModel):
    """A feature stage, flattened, and a classifier stage.

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
        self.features, _ = make_blocks(config, dimensions, grid.channels)
        self.classifier = make_classifier(
            config, _count_features(self.features, grid), signature.classes
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


def _count_features(blocks: nn.ModuleList, grid: Grid) -> int:
    """Returns how many numbers the blocks compute from one grid.

    The blocks run on torch's meta device, which computes shapes and allocates no memory.

    Raises:
        ConfigError: They leave nothing of the grid.
    """
    try:
        with torch.no_grad():
            features = torch.empty(1, grid.channels, *grid.sizes, device="meta")
            for block in copy.deepcopy(blocks).to("meta"):
                features = block(features)
    except (RuntimeError, ValueError) as error:
        shape = " × ".join(str(size) for size in grid.sizes)
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"the convolutions leave nothing of a grid of {shape} ({reason}); choose fewer "
            "model.blocks, a smaller model.kernel_size or model.pool_size, or more model.padding"
        ) from None
    return features.numel()
