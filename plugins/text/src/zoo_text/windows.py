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

from zoo_core.data.signature import Per
from zoo_core.runtime.nn.batch import Batch


def offset(stride: int, seed: int, epoch: int) -> int:
    """Where the windows of an epoch begin, below the stride; 0 for evaluation (epoch 0)."""
    if epoch == 0:
        return 0
    return int(torch.randint(stride, (1,), generator=_generator(seed, epoch, purpose=0)))


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


def cut(tokens: Tensor, steps: int, stride: int) -> Tensor:
    """Every window with the symbol after it, (count, T + 1): a view that copies nothing.

    Args:
        tokens: (N,).
        steps: T.
        stride: From the start of a window to the next one's.
    """
    if len(tokens) <= steps:
        return tokens.new_empty(0, steps + 1)
    return tokens.unfold(0, steps + 1, stride)


def random(
    windows: Tensor, rows: Tensor, size: int, *, per: Per, seed: int, epoch: int, start: int
) -> Iterator[Batch]:
    """Windows in random order (as they stand for epoch 0); the last batch may be smaller.

    Args:
        windows: From ``cut``.
        rows: Which of them, (R,).
        size: B.
        per: Whether each symbol is labelled with the next, or the window with the one after.
        seed: Of the order.
        epoch: The order changes with it.
        start: How many batches to pass over.
    """
    rows = rows[order(len(rows), seed, epoch)]
    for first in range(start * size, len(rows), size):
        chosen = windows[rows[first : first + size]]  # (B, T + 1)
        yield Batch(chosen[:, :-1], chosen[:, 1:] if per == "step" else chosen[:, -1])


def order(count: int, seed: int, epoch: int) -> Tensor:
    """The numbers below a count in an order of the epoch's own; as they stand for epoch 0."""
    if epoch == 0:
        return torch.arange(count)
    return torch.randperm(count, generator=_generator(seed, epoch, purpose=1))


def shuffled(count: int) -> Tensor:
    """The numbers below a count in an order that never changes, for splits."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(0))


def _generator(seed: int, epoch: int, purpose: int) -> torch.Generator:
    """A generator of its own for each seed, epoch and purpose."""
    mixed = (seed * 1_000_003 + epoch) * 2 + purpose
    return torch.Generator().manual_seed(mixed % 2**63)
