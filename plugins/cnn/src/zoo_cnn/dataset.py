"""Grids with labels as a dataset."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from zoo_cnn.configs import AbstractGridDataConfig
from zoo_core import Classes, Grid, Signature, Unknown
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset, LabelledRows
from zoo_core.runtime.nn import Batch, Output


@final
class GridDataset(AbstractLabelledDataset):
    """Grids with one label each; train, validation and test follow one another in the data.

    Typed input is a position in the data such as ``test:17``, or the numbers of a grid row by row.

    Args:
        name: Name of the dataset in errors.
        config: Fractions of the splits.
        grid: Shape of the inputs.
        labels: Names of the classes.
        load: Returns the grids (N, C, *sizes) and the labels (N,).
    """

    def __init__(
        self,
        name: str,
        config: AbstractGridDataConfig,
        grid: Grid,
        labels: tuple[str, ...],
        load: Callable[[], tuple[Tensor, Tensor]],
    ) -> None:
        super().__init__(name, config)
        self.grid, self.labels, self._load = grid, labels, load

    @cached_property
    def data(self) -> tuple[Tensor, Tensor]:
        """Grids (N, C, *sizes) and labels (N,)."""
        return self._load()

    @property
    def signature(self) -> Signature:
        """A grid with one of the labels."""
        return Signature(
            inputs=self.grid,
            outputs=Classes(len(self.labels), per="sequence", names=self.labels),
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the grids and labels."""
        grids, labels = self.data
        return hashlib.sha256(grids.numpy().tobytes() + labels.numpy().tobytes()).hexdigest()

    @property
    def example(self) -> str:
        """The first grid of the last split, which is held out unless everything is trained on."""
        return f"{self.splits[-1]}:0"

    def rows(self, split: str) -> LabelledRows:
        """Returns the grids of a split, (N, C, *sizes), and their labels, (N,).

        Raises:
            DataError: There is no such split.
        """
        grids, labels = self.data
        of_split = self.split_slice(len(labels), split)
        return LabelledRows(grids[of_split], labels[of_split])

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns a grid for ``split:index`` or for its numbers, (1, C, *sizes)."""
        shape = (1, self.grid.channels, *self.grid.sizes)
        split, colon, index = value.strip().partition(":")
        if colon and index.isdecimal():
            grids = self.rows(split).inputs
            if int(index) >= len(grids):
                raise DataError(f"{self.name} has no {value!r}: {split} has {len(grids)} grids")
            return Batch(grids[int(index)].unsqueeze(0))
        try:
            numbers = [float(number) for number in value.replace(",", " ").split()]
        except ValueError:
            numbers = []
        if len(numbers) != math.prod(shape) or not all(map(math.isfinite, numbers)):
            raise DataError(
                f"invalid input {value!r:.60}: expected {math.prod(shape)} numbers from 0 to 1, or "
                f"a position in the data such as {self.example}"
            )
        return Batch(torch.tensor(numbers).view(shape))

    def decode(self, output: Output) -> str:
        """Returns the most likely label."""
        return self.labels[int(output.logits[0].argmax())]
