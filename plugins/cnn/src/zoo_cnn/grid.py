"""Convolutional classifiers of images and videos."""

from __future__ import annotations

from typing import final

from zoo_cnn.classifier import make_classifier
from zoo_cnn.configs import CnnGridConfig
from zoo_cnn.features import make_blocks, out_of_grid
from zoo_core import Grid, Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State


@final
class GridClassifier(AbstractModel):
    """A feature stage, its numbers side by side, a classifier stage.

    Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998).

    Args:
        config: What a person chose.
        signature: A grid with a label for the whole of it.
        sizes: How many sizes the grid must have.

    Raises:
        ConfigError: The settings do not go together, or leave nothing of the grid.
        MisfitError: The grid has another number of sizes.
    """

    causal = False
    carries_state = False

    def __init__(self, config: CnnGridConfig, signature: Signature, sizes: int) -> None:
        super().__init__(signature)
        grid = signature.inputs
        assert isinstance(grid, Grid), "the spec accepts nothing else"
        if len(grid.sizes) != sizes:
            raise MisfitError(f"cnn{sizes}d takes a grid of {sizes} sizes, not {len(grid.sizes)}")
        self.features, _ = make_blocks(config, sizes, grid.channels)
        width = out_of_grid(self.features, grid.channels, grid.sizes)
        self.classifier = make_classifier(config, width, signature.classes)

    def initial_state(self, batch_size: int) -> None:
        """None: there is no state."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """A grid (B, C, *sizes) to logits (B, classes)."""
        grid = batch.inputs
        for block in self.features:
            grid = block(grid)
        return Output(self.classifier(grid.flatten(1)), None)


def cnn2d(config: CnnGridConfig, signature: Signature) -> GridClassifier:
    """The classifier of images."""
    return GridClassifier(config, signature, sizes=2)


def cnn3d(config: CnnGridConfig, signature: Signature) -> GridClassifier:
    """The classifier of videos."""
    return GridClassifier(config, signature, sizes=3)
