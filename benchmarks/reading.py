"""The speed at which this processor can read weights, which bounds the speed of a text."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

import torch

from benchmarks.timing import Work

SOURCE = Path(__file__).with_name("read_weights.c")


def reading(weights: int, folder: Path) -> Work:
    """Work that reads all weights of a network, as often as a text has symbols.

    Args:
        weights: The size of the weights, in bytes.
        folder: Where the code is compiled, by the compiler that torch.compile takes.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
    """
    library = folder / "read_weights.so"
    compiler = os.environ.get("CXX") or "g++"
    options = ["-x", "c", "-O3", "-march=native", "-shared", "-fPIC", "-pthread"]
    subprocess.run([compiler, *options, SOURCE, "-o", library], check=True)
    read = ctypes.CDLL(str(library)).read_weights
    read.argtypes = (ctypes.c_void_p, *[ctypes.c_int64] * 3)
    memory = torch.ones(weights, dtype=torch.uint8)  # torch aligns to 64 bytes

    def work(count: int) -> float:
        if not read(memory.data_ptr(), weights, torch.get_num_threads(), count):
            raise RuntimeError(f"{torch.get_num_threads()} threads do not start")
        return count

    return work
