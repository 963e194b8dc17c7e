"""The pairs of a split as ids, and the batches that are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from zoo_core.runtime.datasets.epoch_order import epoch_order
from zoo_core.runtime.nn import IGNORED, Batch
from zoo_seq2seq.encoder import SOURCE


@final
@dataclass(frozen=True, eq=False)
class PairRows:
    """The pairs of a split as ids.

    Args:
        sources: The source of each pair, (S,), its end included.
        targets: The target of each pair, (T,), its end included.
        begin: The symbol that begins a target.
    """

    sources: list[Tensor]
    targets: list[Tensor]
    begin: int

    def batches(self, size: int, seed: int, epoch: int, start: int) -> Iterator[Batch]:
        """Yields the batches of an epoch, each as long as its longest source and target.

        Args:
            size: B, pairs per batch; the last batch may be smaller.
            seed: The seed of the epoch order.
            epoch: Counts from 1; 0 means evaluation, in the order of the pairs.
            start: The number of batches to skip.
        """
        order = epoch_order(len(self.sources), seed, epoch).tolist()
        for first in range(start * size, len(order), size):
            rows = order[first : first + size]
            sources = [self.sources[row] for row in rows]
            targets = [self.targets[row] for row in rows]
            begin = targets[0].new_tensor([self.begin])
            inputs = [torch.cat([begin, target[:-1]]) for target in targets]
            yield Batch(
                pad_sequence(inputs, batch_first=True),
                pad_sequence(targets, batch_first=True, padding_value=IGNORED),
                _lengths(targets),
                context={SOURCE: pad_sequence(sources, batch_first=True)},
                context_lengths={SOURCE: _lengths(sources)},
            )


def _lengths(rows: list[Tensor]) -> Tensor:
    return torch.tensor([len(row) for row in rows])
