"""Songs in MATLAB files: piano rolls of 88 keys, by split."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from zoo_core.errors import DataError
from zoo_music.mat import Matrix, read_cell_arrays
from zoo_music.notes import HIGHEST, LOWEST, NAMES

VARIABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}
"""The variable of each split."""
MIN_STEPS = 2
"""Steps of a song: one to see, one to predict."""


def read_songs(data: bytes, source: str) -> dict[str, list[Tensor]]:
    """Returns the songs of each split, (T, 88) with 1 for a key that sounds and 0 for the others.

    Args:
        data: The content of a MATLAB 5 file.
        source: What errors call the file.

    Raises:
        DataError: The file is not of this form, a split has no songs, or a song has other keys than
            those of a piano, other numbers than 0 and 1, or fewer than two steps.
    """
    cells = read_cell_arrays(data, source, VARIABLES.values())
    songs: dict[str, list[Tensor]] = {}
    for split, name in VARIABLES.items():
        if not cells[name]:
            raise DataError(f"{source}: {name} has no songs")
        songs[split] = [
            _song(matrix, f"{source}: song {number} of {name}")
            for number, matrix in enumerate(cells[name], start=1)
        ]
    return songs


def _song(matrix: Matrix, where: str) -> Tensor:
    if matrix.ndim != 2 or matrix.shape[1] != len(NAMES):
        sizes = " × ".join(map(str, matrix.shape))
        raise DataError(
            f"{where} is {sizes}, expected steps × {len(NAMES)}: a column for each key of a piano, "
            f"MIDI {LOWEST} to {HIGHEST}"
        )
    if len(matrix) < MIN_STEPS:
        raise DataError(f"{where} has {len(matrix)} steps, expected {MIN_STEPS} or more")
    wrong = np.argwhere((matrix != 0) & (matrix != 1))
    if len(wrong):
        step, key = wrong[0]
        raise DataError(
            f"{where} has {matrix[step, key]:g} at step {step + 1} for {NAMES[key]}, expected 0 or "
            "1"
        )
    return torch.from_numpy(matrix.astype(np.float32, order="C"))
