"""The rows of a batch that one forward pass computes, where a batch is computed in parts."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, final

import torch
from torch import Tensor


def cut_rows(rows: int, parts: int) -> list[tuple[int, int]]:
    """Returns the first row of each part and the row after its last one.

    The parts follow one another and differ by one row at most, the larger ones first. They depend
    on the two numbers alone, so batches of the same size have the same rows in the same part.

    Args:
        rows: The rows to cut; there may be fewer than parts, and the last parts are empty then.
        parts: The number of parts.
    """
    size, larger = divmod(rows, parts)
    starts = [part * size + min(part, larger) for part in range(parts + 1)]
    return list(pairwise(starts))


@final
class RowCut(NamedTuple):
    """Which rows of a batch a forward pass computes, and where their random numbers come from.

    A dropout mask is drawn for the whole batch, from a generator that is at the same place for
    every part. The mask is therefore the one that the batch would get in one piece.

    Args:
        first: The first row.
        end: The row after the last one.
        rows: B, the rows of the whole batch.
        lengths: The lengths of the whole batch, (B,); None if every row is whole.
        resets: The resets of the whole batch, (B, T); None if there are none.
        generator: The generator of the masks.
    """

    first: int
    end: int
    rows: int
    lengths: Tensor | None
    resets: Tensor | None
    generator: torch.Generator

    def drop(self, inputs: Tensor, probability: float) -> Tensor:
        """Returns the rows with some of their numbers dropped.

        Args:
            inputs: The numbers of the rows that are computed; the first axis is that of the rows.
            probability: The probability with which a number is set to zero.
        """
        mask = self._mask((self.rows, *inputs.shape[1:]), inputs, probability)
        return inputs * mask[self.first : self.end]

    def drop_weight(self, weight: Tensor, probability: float) -> Tensor:
        """Returns a weight with some of its numbers dropped, the same ones for every part."""
        return weight * self._mask(weight.shape, weight, probability)

    def _mask(self, shape: tuple[int, ...], like: Tensor, probability: float) -> Tensor:
        # as torch's dropout draws it on the CPU
        mask = torch.empty(shape, dtype=like.dtype, device=like.device)
        mask.bernoulli_(1 - probability, generator=self.generator)
        return mask.div_(1 - probability)
