"""The orders of very many rows, which are computed instead of stored."""

from __future__ import annotations

import math
from copy import copy
from typing import TypeAlias, final

import torch
from torch import Tensor

from zoo_core.runtime.datasets.epoch_order import ORDER, epoch_order, fixed_order, generator_of

MAX_STORED = 4_000_000
"""Rows above which an order is computed piece by piece; one that is stored takes 8 bytes a row."""
ROUNDS = 6
"""Rounds of a computed order; four make a Feistel cipher as good as random (Luby & Rackoff)."""
MULTIPLIERS = (-4658895280553007687, -7723592293110705685)
"""Factors of the mixing, as in variant 13 of Stafford's of the finalizer of MurmurHash3."""


@final
class ComputedOrder:
    """A random order of the numbers below a count that is computed, not stored.

    It is a Feistel cipher over pairs (left, right) that stand for left · width + right: each round
    adds a hash of one number of the pair to the other one. Numbers that leave the count are
    enciphered again until they are below it.

    Source: Black, Rogaway, Ciphers with Arbitrary Finite Domains (2002).

    Args:
        count: How many numbers there are.
        generator: Draws the keys of the rounds.
    """

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count, self._places = count, range(count)
        self._width = max(math.isqrt(count - 1) + 1, 1)
        limit = 2**62
        keys = torch.randint(-limit, limit, (ROUNDS,), generator=generator)
        self._keys: list[int] = keys.tolist()

    def part(self, places: slice) -> ComputedOrder:
        """Returns the numbers at some places that follow one another, as an order."""
        part = copy(self)
        part._places = self._places[places]
        return part

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, places: slice | Tensor) -> Tensor:
        """Returns the numbers at some places, (N,)."""
        if isinstance(places, slice):
            places = torch.arange(*places.indices(len(self)))
        numbers = self._encipher(places + self._places.start)
        while len(outside := (numbers >= self._count).nonzero()[:, 0]):
            numbers[outside] = self._encipher(numbers[outside])
        return numbers

    def _encipher(self, numbers: Tensor) -> Tensor:
        width = self._width
        left, right = numbers // width, numbers % width
        for key in self._keys:
            left, right = right, (left + _hash(right, key)) % width
        return left * width + right


def _hash(numbers: Tensor, key: int) -> Tensor:
    """Returns numbers of 32 bits that seem random, and depend on a key."""
    mixed = numbers + key
    for factor in MULTIPLIERS:
        mixed = (mixed ^ (mixed >> 32)) * factor  # overflow wraps
    return (mixed >> 31) & 0xFFFFFFFF


@final
class SameOrder:
    """The numbers below a count in their order.

    Args:
        count: How many numbers there are.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, places: slice) -> Tensor:
        """Returns the numbers at some places, (N,)."""
        return torch.arange(*places.indices(self._count))


Order: TypeAlias = Tensor | ComputedOrder | SameOrder
"""Row numbers in some order; a slice of it is a tensor (N,)."""


def long_epoch_order(count: int, seed: int, epoch: int) -> Order:
    """Returns what ``epoch_order`` does; of more than ``MAX_STORED`` rows another, computed order.

    Args:
        count: Number of rows.
        seed: Seed of the run.
        epoch: Counts from 1; every epoch has another order. 0 means evaluation: the rows stay in
            place.
    """
    if count <= MAX_STORED:
        return epoch_order(count, seed, epoch)
    return (
        SameOrder(count) if epoch == 0 else ComputedOrder(count, generator_of(seed, epoch, ORDER))
    )


def long_fixed_order(count: int) -> Tensor | ComputedOrder:
    """Returns what ``fixed_order`` does; of more than ``MAX_STORED`` rows another order."""
    if count <= MAX_STORED:
        return fixed_order(count)
    return ComputedOrder(count, torch.Generator().manual_seed(0))
