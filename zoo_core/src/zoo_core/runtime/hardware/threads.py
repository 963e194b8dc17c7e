"""How many threads torch computes with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from zoo_core.data.signature import Signature, Tokens

T = TypeVar("T")
REPAYING = 1 << 22
"""Products of a step forward that repay a second thread.

Fewer take as long on one thread as on two, and two that meet so often wait for each other at every
operation once another program needs a core: measured on two cores with one of them busy, a step of
a small LSTM took 2 to 7 ms on one thread and 26 to 113 ms on two.
"""


def choose_threads(threads: int, model: nn.Module, inputs: Tensor, signature: Signature) -> int:
    """So many threads; for 0 one where a step is little work, else torch's own choice.

    Results differ in the last bits by the number of threads.

    Args:
        threads: What was asked for.
        model: Each of its parameters meets each position once, about.
        inputs: Those of a step.
        signature: Says how many numbers a position has.
    """
    wide = 1 if isinstance(signature.inputs, Tokens) else signature.input_size
    parameters = sum(each.numel() for each in model.parameters())
    little = parameters * inputs.numel() < REPAYING * wide
    return threads or (1 if little else torch.get_num_threads())


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Where torch computes with so many threads; afterwards with as many as before."""
    before = torch.get_num_threads()
    if threads != before:  # telling every library costs more than asking
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        if threads != before:
            torch.set_num_threads(before)


def each_computed_with(threads: int, made: Iterator[T]) -> Iterator[T]:
    """What an iterator makes with so many threads, while whoever takes it has their own."""
    while True:
        with computing_with(threads):
            try:
                each = next(made)
            except StopIteration:
                return
        yield each


def cores() -> int | None:
    """How many cores this process may use; None where the platform does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
