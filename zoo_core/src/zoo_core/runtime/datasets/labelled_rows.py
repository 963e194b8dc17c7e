"""Independent rows with labels, and datasets that consist of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.datasets.computed_order import ComputedOrder, long_epoch_order
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import (
    SplitFractions,
    check_split_fractions,
    check_split_not_empty,
    split_names,
    split_slice,
)
from zoo_core.runtime.nn.batch import Batch

SMALL_IDS = (torch.uint8, torch.int16, torch.int32)
"""The types of ids that are stored in fewer bits than models take."""


@final
@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The rows of a split with their labels.

    Args:
        inputs: Rows, (N, ...).
        labels: A label for each row (N,) or for each of its steps (N, T).
        lengths: Steps of each row (N,) if the rows are padded at the end.
        selected: Numbers of the rows that belong to the split, (N,) or computed; None for all of
            them. It spares a copy where the rows are a view, as overlapping windows of a text are.
        unknown_bytes: UTF-8 bytes of each label that stands for an unknown word, shaped as the
            labels; None if none does.
        resets: The steps of each row at which the state starts anew, (N, T), bool; None if it
            never does.
    """

    inputs: Tensor
    labels: Tensor
    lengths: Tensor | None = None
    selected: Tensor | ComputedOrder | None = None
    unknown_bytes: Tensor | None = None
    resets: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels if self.selected is None else self.selected)

    def batch_count(self, size: int) -> int:
        """Returns the number of batches of ``size`` rows; the last one may be smaller."""
        return -(-len(self) // size)

    def batches(self, size: int, seed: int, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yields the batches of an epoch, in place for epoch 0 and shuffled for every other.

        Args:
            size: B, rows per batch; the last batch may be smaller.
            seed: Seed of the epoch order.
            epoch: Counts from 1; 0 means evaluation.
            start: Number of batches to skip.
        """
        order = long_epoch_order(len(self), seed, epoch)
        for first in range(start * size, len(order), size):
            rows = order[first : first + size]
            yield self._batch(rows if self.selected is None else self.selected[rows])

    def _batch(self, rows: Tensor) -> Batch:
        """Returns rows (B,) as a batch that is as long as its longest row."""
        if self.lengths is None:
            return Batch(
                _widen(self.inputs[rows]),
                _widen(self.labels[rows]),
                unknown_bytes=None if self.unknown_bytes is None else self.unknown_bytes[rows],
                resets=None if self.resets is None else self.resets[rows],
            )
        lengths = self.lengths[rows]
        inputs = self.inputs[:, : int(lengths.max())]
        return Batch(inputs[rows], self.labels[rows], lengths)


def _widen(rows: Tensor) -> Tensor:
    """Returns ids that are stored in fewer bits as the integers that models take."""
    return rows.long() if rows.dtype in SMALL_IDS else rows


class AbstractLabelledDataset(AbstractDataset):
    """A dataset whose splits are independent rows with labels.

    Args:
        name: Name of the dataset in errors.
        fractions: Fractions of the rows that are held out.

    Raises:
        DataError: The fractions leave nothing to train on.
    """

    def __init__(self, name: str, fractions: SplitFractions) -> None:
        check_split_fractions(fractions, name)
        self.name, self.fractions = name, fractions
        self._kept: dict[str, LabelledRows | RaggedRows] = {}

    @abstractmethod
    def rows(self, split: str) -> LabelledRows | RaggedRows:
        """Returns the rows of a split; batches are cut from the rows of the first call.

        Raises:
            DataError: There is no such split.
        """

    @property
    def splits(self) -> tuple[str, ...]:
        """``train`` and the splits whose fraction is not zero."""
        return split_names(self.fractions)

    def split_slice(self, total: int, split: str) -> slice:
        """Returns which of ``total`` rows belong to a split.

        Raises:
            DataError: There is no such split.
        """
        return split_slice(total, self.fractions, split, self.name)

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: The split is empty, or there is no such split.
        """
        rows = self._rows(split)
        check_split_not_empty(len(rows), split, self.name)
        return rows.batch_count(size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns the batches of an epoch, shuffled in training."""
        return self._rows(split).batches(size, seed, epoch, start)

    def _rows(self, split: str) -> LabelledRows | RaggedRows:
        """Returns the rows of a split, which are prepared once and kept."""
        if split not in self._kept:
            self._kept[split] = self.rows(split)
        return self._kept[split]
