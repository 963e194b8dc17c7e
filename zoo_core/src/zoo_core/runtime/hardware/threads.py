"""Number of threads that torch computes with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from zoo_core.data.signature import Signature, Tokens

T = TypeVar("T")
MIN_WORK_FOR_TWO_THREADS = 1 << 22
"""Products of the forward pass of one step from which a second thread is faster.

Below it, one thread is as fast as two. Two threads that synchronise so often also wait for each
other at every operation when another program uses one of the cores: measured on two cores with one
of them busy, a step of a small LSTM took 2 to 7 ms on one thread and 26 to 113 ms on two.
"""


def choose_threads(threads: int, model: nn.Module, inputs: Tensor, signature: Signature) -> int:
    """Returns the number of threads for a training.

    Results differ in their last bits with the number of threads.

    Args:
        threads: Number that the user asked for; 0 chooses one thread for small steps and torch's
            default for large ones.
        model: The model. The work of a step is about one product per parameter and position.
        inputs: Inputs of a step.
        signature: Tells how many numbers of the inputs belong to one position.
    """
    if threads:
        return threads
    width = 1 if isinstance(signature.inputs, Tokens) else signature.input_size
    positions = inputs.numel() // width
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters * positions < MIN_WORK_FOR_TWO_THREADS:
        return 1
    return torch.get_num_threads()


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Sets the number of threads of torch inside a ``with`` block and restores it afterwards."""
    before = torch.get_num_threads()
    # setting the number costs more than reading it, as torch passes it on to several libraries
    if threads != before:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        if threads != before:
            torch.set_num_threads(before)


def iterate_with_threads(threads: int, items: Iterator[T]) -> Iterator[T]:
    """Yields items that are computed with ``threads``, while the caller keeps its own number."""
    while True:
        with torch_threads(threads):
            try:
                item = next(items)
            except StopIteration:
                return
        yield item


def count_cores() -> int | None:
    """Returns the number of cores that this process may use, or None if the platform hides it."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
