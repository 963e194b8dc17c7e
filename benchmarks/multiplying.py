"""The speed at which this processor can multiply and add, which bounds the speed of training."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

from benchmarks.native_code import compiled
from benchmarks.timing import Work

ROUNDS = 100_000
"""Rounds of a call, of less than a millisecond."""


def multiplying(folder: Path) -> Work:
    """Work that multiplies and adds numbers in registers, and counts each operation.

    Args:
        folder: Where the code is compiled.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
    """
    multiply_add = compiled("multiply_add.c", folder).multiply_add
    multiply_add.argtypes, multiply_add.restype = [ctypes.c_int64] * 2, ctypes.c_int64

    def work(count: int) -> float:
        operations = multiply_add(torch.get_num_threads(), count * ROUNDS)
        if not operations:
            raise RuntimeError(f"{torch.get_num_threads()} threads do not start")
        return float(operations * count * ROUNDS)

    return work
