"""Cutting a sequence of tokens into batches of windows, two ways.

Sequential partition: the tokens are laid in B rows, and each batch holds the next T steps of
every row, so that the state of one batch is the start of the next. Random sampling: the windows
come in random order, each from a fresh state. In training, both start at an offset drawn anew for
each epoch, so that windows do not always begin at the same places.

Source: Zhang et al., Dive into Deep Learning, section "Language Models".
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from zoo_core.runtime.batch import Batch


def offset(steps: int, seed: int, epoch: int) -> int:
    """Where the windows of an epoch begin; 0 for evaluation (epoch 0)."""
    if epoch == 0:
        return 0
    return int(torch.randint(steps, (1,), generator=_generator(seed, epoch, purpose=0)))


def sequential(tokens: Tensor, steps: int, size: int, start: int) -> Iterator[Batch]:
    """Batches whose rows go on from one to the next; the last may be shorter than T.

    Args:
        tokens: (N,).
        steps: T.
        size: B.
        start: How many batches to pass over.
    """
    length = (len(tokens) - 1) // size
    inputs = tokens[: size * length].view(size, length)
    targets = tokens[1 : size * length + 1].view(size, length)
    for first in range(start * steps, length, steps):
        window = slice(first, first + steps)
        yield Batch(inputs[:, window], targets[:, window], carry=first > 0)


def sequential_count(count: int, steps: int, size: int) -> int:
    """How many batches ``sequential`` gives for so many tokens."""
    length = (count - 1) // size
    return -(-length // steps)


def random(
    tokens: Tensor, steps: int, size: int, *, seed: int, epoch: int, start: int
) -> Iterator[Batch]:
    """Windows in random order (in the text's own for epoch 0); the last batch may be smaller.

    Args:
        tokens: (N,).
        steps: T.
        size: B.
        seed: Of the order.
        epoch: The order changes with it.
        start: How many batches to pass over.
    """
    count = (len(tokens) - 1) // steps
    inputs = tokens[: count * steps].view(count, steps)
    targets = tokens[1 : count * steps + 1].view(count, steps)
    order = torch.arange(count)
    if epoch:
        order = torch.randperm(count, generator=_generator(seed, epoch, purpose=1))
    for first in range(start * size, count, size):
        rows = order[first : first + size]
        yield Batch(inputs[rows], targets[rows])


def random_count(count: int, steps: int, size: int) -> int:
    """How many batches ``random`` gives for so many tokens."""
    return -(-((count - 1) // steps) // size)


def _generator(seed: int, epoch: int, purpose: int) -> torch.Generator:
    """A generator of its own for each seed, epoch and purpose."""
    mixed = (seed * 1_000_003 + epoch) * 2 + purpose
    return torch.Generator().manual_seed(mixed % 2**63)
