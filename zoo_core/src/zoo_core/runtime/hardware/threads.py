"""Number of threads that torch computes with."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from zoo_core.data.signature import Signature, Tokens
from zoo_core.errors import DeviceError
from zoo_core.run_folder.run_config import MAX_THREADS

T = TypeVar("T")
MIN_WORK_FOR_TWO_THREADS = 1 << 22
"""Products of the forward pass of one step from which a second thread is faster.

Below it, one thread is as fast as two. Two threads that synchronise so often also wait for each
other at every operation when another program uses one of the cores: measured on two cores with one
of them busy, a step of a small LSTM took 2 to 7 ms on one thread and 26 to 113 ms on two.
"""
STACK_PER_THREAD = 1 << 13
"""Bytes of the stack for each thread.

torch's gradient of an embedding keeps 4 KiB for each thread on the stack of the main thread, and
ends the process with a segmentation fault where they do not fit. The rest is for everything else.
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

    Raises:
        DeviceError: This machine does not take so many threads.
    """
    if threads:
        check_threads(threads)
        return threads
    width = 1 if isinstance(signature.inputs, Tokens) else signature.input_size
    positions = inputs.numel() // width
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters * positions < MIN_WORK_FOR_TWO_THREADS:
        return 1
    return min(torch.get_num_threads(), max_threads())


def max_threads() -> int:
    """Returns the most threads that the stack of this process has room for."""
    if sys.platform == "win32":
        return MAX_THREADS
    import resource  # which other platforms lack

    stack_size, _ = resource.getrlimit(resource.RLIMIT_STACK)
    if stack_size == resource.RLIM_INFINITY:
        return MAX_THREADS
    return max(1, min(MAX_THREADS, stack_size // STACK_PER_THREAD))


def check_threads(threads: int) -> None:
    """Checks that this process may start a number of threads.

    OpenMP ends the process if it cannot start one, and torch if its stack has no room.

    Raises:
        DeviceError: It may not, with the number that it may.
    """
    most = max_threads()
    if threads <= most:
        most = _start_threads(threads)
    if threads > most:
        raise DeviceError(
            f"threads = {threads}: this process may use at most {most} threads here; choose fewer "
            "--threads, or raise the limits of its stack and its number of threads"
        )


def _start_threads(threads: int) -> int:
    """Starts threads, one of which is the present one, and returns how many there were at once."""
    stop = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(threads - 1):
            thread = threading.Thread(target=stop.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:  # the limit of the system, the container or the memory
        pass
    finally:
        stop.set()
        for thread in started:
            thread.join()
    return len(started) + 1


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
