"""Handwritten digits, still and moving."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo_cnn.configs import DigitsConfig, MovingDigitsConfig
from zoo_cnn.dataset import GridDataset
from zoo_core import Grid, Vocabulary
from zoo_core.errors import DataError
from zoo_text.windows import shuffled

SIDE, LEVELS = 8, 16
DIRECTIONS = {
    "up": (-1, 0),
    "up-right": (-1, 1),
    "right": (0, 1),
    "down-right": (1, 1),
    "down": (1, 0),
    "down-left": (1, -1),
    "left": (0, -1),
    "up-left": (-1, -1),
}
"""Rows and columns that a digit moves from frame to frame."""


def digits(config: DigitsConfig, vocabulary: Vocabulary | None) -> GridDataset:
    """1,797 images of 8 × 8 cells with 17 grey levels, from 0 to 1; the label is the digit.

    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits (1998), the test part, as
    scikit-learn carries it.
    """
    names = tuple(str(digit) for digit in range(10))
    return GridDataset("digits", config, Grid(1, (SIDE, SIDE)), names, load_digits)


def moving_digits(config: MovingDigitsConfig, vocabulary: Vocabulary | None) -> GridDataset:
    """The digits drifting over a dark canvas, one cell a frame; the label is the direction.

    Every image is one video, so no image is in two splits.

    Raises:
        DataError: The canvas is too small for a digit to drift for so many frames.
    """
    most = config.canvas - SIDE + 1
    if config.frames > most:
        raise DataError(
            f"dataset.frames = {config.frames}: on dataset.canvas = {config.canvas} a digit of "
            f"{SIDE} cells drifts for {most} frames at most; take fewer, or a canvas of "
            f"{config.frames + SIDE - 1}"
        )
    grid = Grid(1, (config.frames, config.canvas, config.canvas))
    return GridDataset("moving-digits", config, grid, tuple(DIRECTIONS), lambda: _moving(config))


def load_digits() -> tuple[Tensor, Tensor]:
    """Images (N, 1, 8, 8) and digits (N,), in an order that never changes."""
    from sklearn import datasets

    found = datasets.load_digits()
    turns = shuffled(len(found.images))
    images = torch.tensor(found.images, dtype=torch.float32).unsqueeze(1) / LEVELS
    return images[turns], torch.tensor(found.target, dtype=torch.long)[turns]


def _moving(config: MovingDigitsConfig) -> tuple[Tensor, Tensor]:
    """Videos (N, 1, frames, canvas, canvas) and directions (N,)."""
    images, _ = load_digits()
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(len(DIRECTIONS), (len(images),), generator=generator)
    steps = torch.tensor(list(DIRECTIONS.values()))[labels]  # (N, 2)
    room = config.canvas - SIDE - steps.abs() * (config.frames - 1)  # (N, 2)
    chance = torch.rand(len(images), 2, generator=generator)
    begin = (chance * (room + 1)).long() + torch.where(steps < 0, config.frames - 1, 0)
    videos = torch.zeros(len(images), 1, config.frames, config.canvas, config.canvas)
    for number, image in enumerate(images[:, 0]):
        for frame in range(config.frames):
            row, column = (begin[number] + frame * steps[number]).tolist()
            videos[number, 0, frame, row : row + SIDE, column : column + SIDE] = image
    return videos, labels
