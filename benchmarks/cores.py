"""How far apart the cores are: the time that a line of memory takes from one to another.

The threads of a step and of a text wait for each other that long at every time step. On a virtual
machine the cores move: the time differs within minutes, and with it the speed of what waits.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.benchmark import Setup
from benchmarks.measurement import Measurement, measurements
from benchmarks.native_code import compiled
from benchmarks.peers.implementations import has_compiler
from zoo_core.runtime.hardware.threads import count_cores

SAMPLES, QUICK_SAMPLES = 60, 5
SECONDS_APART = 0.5
ROUNDS = 50_000
"""There and back in one sample, of 5 to 30 ms."""


def cores(setup: Setup) -> Iterator[list[Measurement]]:
    """The least, the median and the most of some samples, half a second apart."""
    if (count_cores() or 1) < 2:  # on one core, each waits until the other's turn
        return
    if not has_compiler() or not setup.wants("a line of memory"):
        return
    samples = nanoseconds(QUICK_SAMPLES if setup.quick else SAMPLES, setup.folder)
    found = {"least": min(samples), "median": median(samples), "most": max(samples)}
    values = {name: [value] for name, value in found.items()}
    yield measurements("cores", "a line of memory", "ns", values)


def nanoseconds(count: int, folder: Path) -> list[float]:
    """Samples of the time from one core to another.

    Raises:
        RuntimeError: A second thread does not start.
    """
    measure = compiled("between_cores.c", folder).between_cores
    measure.argtypes, measure.restype = [ctypes.c_int64], ctypes.c_double
    samples = []
    for _ in range(count):
        samples.append(measure(ROUNDS))
        if samples[-1] < 0:
            raise RuntimeError("a second thread does not start")
        time.sleep(SECONDS_APART)
    return samples
