"""Labelled grids as a dataset."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from zoo_cnn.configs import AbstractGridDataConfig
from zoo_core import Grid, Signature, Unknown
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.splits import batches_of, check_fractions, part, splits_of
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_text.windows import order


@final
class GridDataset(AbstractDataset):
    """Grids with a label each. Train, validation and test are the data's parts, in its order.

    An input that a person types is a place in the data such as ``test:17``, or the numbers of a
    grid, from the first row to the last.

    Args:
        name: What errors call it.
        config: Which part is held out.
        grid: The shape of the inputs.
        labels: The classes in words.
        load: Gives the grids (N, C, *sizes) and the labels (N,).
    """

    def __init__(
        self,
        name: str,
        config: AbstractGridDataConfig,
        grid: Grid,
        labels: tuple[str, ...],
        load: Callable[[], tuple[Tensor, Tensor]],
    ) -> None:
        check_fractions(config, name)
        self.name, self.config, self.grid, self.labels, self._load = (
            name,
            config,
            grid,
            labels,
            load,
        )

    @cached_property
    def data(self) -> tuple[Tensor, Tensor]:
        """Grids (N, C, *sizes) and labels (N,)."""
        return self._load()

    @property
    def signature(self) -> Signature:
        """A grid with one of the labels."""
        return Signature(inputs=self.grid, classes=len(self.labels), per="sequence")

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of grids and labels."""
        grids, labels = self.data
        return hashlib.sha256(grids.numpy().tobytes() + labels.numpy().tobytes()).hexdigest()

    @property
    def splits(self) -> tuple[str, ...]:
        """Those whose share is not zero."""
        return splits_of(self.config)

    @property
    def example(self) -> str:
        """The first grid of what is held out, or of all there is."""
        return f"{self.splits[-1]}:0"

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches an epoch has."""
        return batches_of(len(self._part(split)[1]), size, split, self.name)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Grids (B, C, *sizes) and labels (B,), in random order in training."""
        grids, labels = self._part(split)
        turns = order(len(labels), seed, epoch)
        for first in range(start * size, len(labels), size):
            chosen = turns[first : first + size]
            yield Batch(grids[chosen], labels[chosen])

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """``split:index`` or the numbers of a grid, (1, C, *sizes)."""
        shape = (1, self.grid.channels, *self.grid.sizes)
        split, colon, index = value.strip().partition(":")
        if colon and index.isdecimal():
            grids, _ = self._part(split)
            if int(index) >= len(grids):
                raise DataError(f"{self.name} has no {value!r}: {split} has {len(grids)} grids")
            return Batch(grids[int(index)].unsqueeze(0))
        try:
            numbers = [float(each) for each in value.replace(",", " ").split()]
        except ValueError:
            numbers = []
        if len(numbers) != math.prod(shape) or not all(map(math.isfinite, numbers)):
            raise DataError(
                f"{value!r:.60} is no input: expected {math.prod(shape)} numbers from 0 to 1, or a "
                f"place in the data such as {self.example}"
            )
        return Batch(torch.tensor(numbers).view(shape))

    def decode(self, output: Output) -> str:
        """The likeliest label."""
        return self.labels[int(output.logits[0].argmax())]

    def _part(self, split: str) -> tuple[Tensor, Tensor]:
        grids, labels = self.data
        chosen = part(len(labels), self.config, split, self.name)
        return grids[chosen], labels[chosen]
