"""The rows of a task: padded tensors in few bytes, and the batches that are cut from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.datasets.epoch_order import epoch_order
from zoo_core.runtime.nn import IGNORED, Batch

LENGTH_FACTOR = 1_000_003
"""Factor of the length in the hash of a row, so that padding with the first symbol changes it."""


@final
@dataclass(frozen=True, eq=False)
class TaskRows:
    """Rows with their targets.

    Args:
        inputs: Tokens (N, T), padded with 0, or features (N, T, F).
        targets: Classes (N,) or (N, T), ``IGNORED`` where a step has none; values (N, V).
        lengths: The steps of each row, (N,); None if every row has T.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def select(self, rows: Tensor) -> TaskRows:
        """Returns some rows, by number or by a mask."""
        lengths = None if self.lengths is None else self.lengths[rows]
        return TaskRows(self.inputs[rows], self.targets[rows], lengths)

    def hashes(self) -> Tensor:
        """Returns a number of 64 bits for the inputs of each row, (N,); equal rows have equal ones.

        It is a sum with random factors, modulo 2^64.
        """
        flat = self.inputs.flatten(1)
        if flat.is_floating_point():
            flat = flat.contiguous().view(torch.int32)
        generator = torch.Generator().manual_seed(0)
        limit = 2**62
        factors = torch.randint(-limit, limit, (flat.shape[1],), generator=generator)
        hashes = torch.zeros(len(flat), dtype=torch.int64)
        for column, factor in zip(flat.T, factors, strict=True):
            hashes += column.long() * factor
        return hashes if self.lengths is None else hashes + self.lengths * LENGTH_FACTOR

    def batches(self, size: int, seed: int, epoch: int, start: int) -> Iterator[Batch]:
        """Yields the batches of an epoch, each as long as its longest row.

        Args:
            size: B, rows per batch; the last batch may be smaller.
            seed: Seed of the epoch order.
            epoch: Counts from 1; 0 means evaluation, in the order of the rows.
            start: Number of batches to skip.
        """
        order = epoch_order(len(self), seed, epoch)
        for first in range(start * size, len(order), size):
            yield self.select(order[first : first + size]).as_batch()

    def as_batch(self) -> Batch:
        """Returns all rows as one batch."""
        inputs, targets = self.inputs, self.targets
        if self.lengths is not None:
            steps = int(self.lengths.max())
            per_step = targets.dim() == 2
            inputs, targets = inputs[:, :steps], targets[:, :steps] if per_step else targets
        return Batch(_widen(inputs), _widen(targets), self.lengths)


def _widen(numbers: Tensor) -> Tensor:
    """Returns integers of 16 bits as those that models take."""
    return numbers if numbers.is_floating_point() else numbers.long()


def joined(parts: list[TaskRows]) -> TaskRows:
    """Returns the rows of several parts, which are all padded alike."""
    lengths = [part.lengths for part in parts if part.lengths is not None]
    return TaskRows(
        torch.cat([part.inputs for part in parts]),
        torch.cat([part.targets for part in parts]),
        torch.cat(lengths) if lengths else None,
    )


def token_rows(inputs: Tensor, targets: Tensor, lengths: Tensor | None = None) -> TaskRows:
    """Returns rows of tokens in 16 bits, with everything beyond the lengths as padding.

    Args:
        inputs: Tokens (N, T).
        targets: Classes (N,) or (N, T).
        lengths: The steps of each row, (N,); None if every row has T.
    """
    if lengths is not None:
        padding = torch.arange(inputs.shape[1]) >= lengths[:, None]
        inputs = inputs.masked_fill(padding, 0)
        if targets.dim() == 2:
            targets = targets.masked_fill(padding, IGNORED)
    return TaskRows(inputs.short(), targets.short(), lengths)
