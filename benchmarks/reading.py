"""The speed at which this processor can read weights, which bounds the speed of a text."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

from benchmarks.native_code import compiled
from benchmarks.timing import Work


def reading(weights: int, folder: Path) -> Work:
    """Work that reads all weights of a network, as often as a text has symbols.

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
        if not read(memory.data_ptr(), weights, torch.get_num_threads(), count):
            raise RuntimeError(f"{torch.get_num_threads()} threads do not start")
        return count

    return work
