"""Rows of different lengths, each padded only as far as its batch needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from zoo_core.runtime.datasets.epoch_order import epoch_order
from zoo_core.runtime.nn.batch import IGNORED, Batch


@final
@dataclass(frozen=True, eq=False)
class RaggedRows:
    """The rows of a split with their targets.

    Args:
        inputs: Tokens (T,) or features (T, F) of each row; T may differ.
        targets: The target of each row: one for the whole row, or one for each of its steps:
            classes (T,), values (T, N).
        per_step: Whether the targets are those of steps.
        unknown_bytes: UTF-8 bytes of each target that stands for an unknown word, shaped as the
            targets; None if none does.
    """

    inputs: list[Tensor]
    targets: list[Tensor]
    per_step: bool = False
    unknown_bytes: list[Tensor] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

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
        order = epoch_order(len(self), seed, epoch).tolist()
        for first in range(start * size, len(order), size):
            rows = order[first : first + size]
            inputs = [self.inputs[row] for row in rows]
            batch = padded_batch(inputs, [self.targets[row] for row in rows], self.per_step)
            if self.unknown_bytes is not None:
                unknown = [self.unknown_bytes[row] for row in rows]
                batch = batch._replace(unknown_bytes=pad_sequence(unknown, batch_first=True))
            yield batch


def padded_batch(inputs: list[Tensor], targets: list[Tensor], per_step: bool = False) -> Batch:
    """Returns rows as one batch, padded at the end.

    Args:
        inputs: Tokens (T,) or features (T, F) of each row.
        targets: The target of each row, or those of its steps: classes (T,), values (T, N).
        per_step: Whether the targets are those of steps.
    """
    if per_step:
        padding = math.nan if targets[0].is_floating_point() else IGNORED
        together = pad_sequence(targets, batch_first=True, padding_value=padding)
    else:
        together = torch.stack(targets)
    lengths = torch.tensor([len(row) for row in inputs])
    return Batch(pad_sequence(inputs, batch_first=True), together, lengths)
