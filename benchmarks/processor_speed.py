"""The two speeds of this processor that bound training and text."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

from benchmarks.native_code import compiled
from benchmarks.timing import Work

ROUNDS = 100_000
"""Rounds of a call that multiplies, of less than a millisecond."""


def multiplying(folder: Path) -> Work:
    """Work that multiplies and adds numbers in registers, and counts each operation.

    It bounds the speed of training.

    Args:
        folder: Where the code is compiled.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
    """
    multiply_add = compiled("multiply_add.c", folder).multiply_add
    multiply_add.argtypes, multiply_add.restype = [ctypes.c_int64] * 2, ctypes.c_int64

    def work(count: int) -> float:
        threads = torch.get_num_threads()
        operations: int = multiply_add(threads, count * ROUNDS)
        _check_started(operations, threads)
        return float(operations * count * ROUNDS)

    return work


def reading(weights: int, folder: Path) -> Work:
    """Work that reads all weights of a network, as often as a text has symbols.

    It bounds the speed of a text.

    Args:
        weights: The size of the weights, in bytes.
        folder: Where the code is compiled.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
    """
    read = compiled("read_weights.c", folder).read_weights
    read.argtypes = (ctypes.c_void_p, *[ctypes.c_int64] * 3)
    memory = torch.ones(weights, dtype=torch.uint8)  # torch aligns to 64 bytes

    def work(count: int) -> float:
        threads = torch.get_num_threads()
        _check_started(read(memory.data_ptr(), weights, threads, count), threads)
        return count

    return work


def _check_started(answer: int, threads: int) -> None:
    """Raises RuntimeError if the C code answers 0: one of its threads did not start."""
    if not answer:
        raise RuntimeError(f"{threads} threads do not start")
