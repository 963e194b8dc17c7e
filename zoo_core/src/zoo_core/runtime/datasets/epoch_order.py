"""The order in which an epoch goes through the rows of a split."""

from __future__ import annotations

import torch
from torch import Tensor

OFFSET, ORDER = 0, 1
"""Purposes of the random numbers of an epoch, each with a generator of its own."""


def epoch_order(count: int, seed: int, epoch: int) -> Tensor:
    """Returns the row numbers below ``count`` in the order of an epoch, (count,).

    Args:
        count: Number of rows.
        seed: Seed of the run.
        epoch: Counts from 1; every epoch has another order. 0 means evaluation: the rows stay in
            place.
    """
    if epoch == 0:
        return torch.arange(count)
    return torch.randperm(count, generator=generator_of(seed, epoch, ORDER))


def epoch_offset(stride: int, seed: int, epoch: int) -> int:
    """Returns the position of an epoch's first window, from 0 to ``stride`` - 1; 0 for epoch 0."""
    if epoch == 0:
        return 0
    return int(torch.randint(stride, (1,), generator=generator_of(seed, epoch, OFFSET)))


def fixed_order(count: int) -> Tensor:
    """Returns the row numbers below ``count`` in a random order that never changes, for splits."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(0))


def generator_of(seed: int, epoch: int, purpose: int) -> torch.Generator:
    """Returns the generator of a seed, an epoch and a purpose.

    Seeds are multiplied by a prime that is larger than any number of epochs, so that neighbouring
    seeds and epochs share no order.
    """
    mixed = (seed * 1_000_003 + epoch) * 2 + purpose
    return torch.Generator().manual_seed(mixed % 2**63)
