"""Handwritten digits, as images and as videos in which they move."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor

from zoo_cnn.configs import DigitsConfig, MovingDigitsConfig
from zoo_cnn.dataset import GridDataset
from zoo_core import Grid, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.epoch_order import fixed_order
from zoo_core.storage.capacity import ensure_free_memory

SIDE = 8
"""Height and width of an image, in cells."""
MAX_LEVEL = 16
"""The brightest grey level; 0 is dark."""
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
"""Rows and columns by which a digit moves from frame to frame."""


def digits(config: DigitsConfig, vocabulary: Vocabulary | None) -> GridDataset:
    """Returns 1,797 images of 8 × 8 cells with 17 grey levels from 0 to 1; the label is the digit.

    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits (1998), the test part, as
    scikit-learn carries it.
    """
    names = tuple(str(digit) for digit in range(10))
    return GridDataset("digits", config, Grid(1, (SIDE, SIDE)), names, load_digits)


def moving_digits(config: MovingDigitsConfig, vocabulary: Vocabulary | None) -> GridDataset:
    """Returns videos of digits that move by one cell per frame; the label is the direction.

    Every image becomes one video, so that no image is in two splits.

    Raises:
        DataError: The canvas is too small for a digit to move in every frame.
        DeviceError: The videos do not fit into the free memory; raised when they are first read.
    """
    max_frames = config.canvas - SIDE + 1
    if config.frames > max_frames:
        raise DataError(
            f"dataset.frames = {config.frames}: on dataset.canvas = {config.canvas} a digit of "
            f"{SIDE} cells moves for at most {max_frames} frames; choose fewer frames, or a canvas "
            f"of {config.frames + SIDE - 1}"
        )
    grid = Grid(1, (config.frames, config.canvas, config.canvas))
    return GridDataset(
        "moving-digits", config, grid, tuple(DIRECTIONS), lambda: _load_videos(config)
    )


def load_digits() -> tuple[Tensor, Tensor]:
    """Returns the images (N, 1, 8, 8) and digits (N,) in a random order that never changes."""
    pixels, names = _read_digits()
    order = fixed_order(len(pixels))
    images = torch.tensor(pixels, dtype=torch.float32).unsqueeze(1) / MAX_LEVEL
    return images[order], torch.tensor(names, dtype=torch.long)[order]


@cache
def _read_digits() -> tuple[Any, Any]:
    """Returns the arrays (N, 8, 8) and (N,) of scikit-learn, which reads them from text."""
    from sklearn import datasets

    bunch = datasets.load_digits()
    return bunch.images, bunch.target


def _load_videos(config: MovingDigitsConfig) -> tuple[Tensor, Tensor]:
    """Returns videos (N, 1, frames, canvas, canvas) and directions (N,)."""
    images, _ = load_digits()
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(len(DIRECTIONS), (len(images),), generator=generator)
    steps = torch.tensor(list(DIRECTIONS.values()))[labels]  # (N, 2)
    room = config.canvas - SIDE - steps.abs() * (config.frames - 1)  # (N, 2)
    fractions = torch.rand(len(images), 2, generator=generator)
    # a digit that moves up or left starts that much further down or right
    starts = (fractions * (room + 1)).long() + torch.where(steps < 0, config.frames - 1, 0)
    shape = (len(images), 1, config.frames, config.canvas, config.canvas)
    size = math.prod(shape) * images.element_size()
    ensure_free_memory(size, "moving-digits", "choose a smaller --dataset.canvas")
    videos = torch.zeros(shape)
    numbers, cells = torch.arange(len(images)).view(-1, 1, 1), torch.arange(SIDE)
    for frame in range(config.frames):
        corners = starts + frame * steps  # (N, 2)
        rows, columns = (corners[:, axis, None] + cells for axis in (0, 1))  # (N, 8) each
        videos[numbers, 0, frame, rows[:, :, None], columns[:, None, :]] = images[:, 0]
    return videos, labels
