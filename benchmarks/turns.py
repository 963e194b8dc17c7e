"""Seconds and memory of single steps, by turns.

Steps take from a millisecond to several seconds here. A step that takes long is measured once, and
the others in several turns, in which each implementation is run once or more.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

MAX_SECONDS = 1.0
"""A step that takes longer is measured once."""


@final
@dataclass
class Steps:
    """What the steps of one implementation took.

    Args:
        megabytes: What a step added to the memory of the process at its peak.
        seconds: Seconds of a step, one sample per turn.
    """

    megabytes: float
    seconds: list[float] = field(default_factory=list)


def take_turns(
    works: Mapping[str, Callable[[], object]], rounds: int, seconds: float
) -> dict[str, Steps]:
    """Measures several implementations of the same work.

    Args:
        works: One step of each implementation.
        rounds: The turns of each.
        seconds: The duration of a turn, in seconds; a turn is one step at least.
    """
    steps, counts = {}, {}
    for name, work in works.items():
        elapsed, megabytes = _first(work)
        steps[name] = Steps(megabytes)
        if elapsed > MAX_SECONDS:
            steps[name].seconds.append(elapsed)
        else:
            counts[name] = max(1, round(seconds / elapsed))
    for _ in range(rounds):
        for name, count in counts.items():
            started = time.perf_counter()
            for _ in range(count):
                works[name]()
            steps[name].seconds.append((time.perf_counter() - started) / count)
    return steps


def _first(work: Callable[[], object]) -> tuple[float, float]:
    """Returns the seconds of a step and the megabytes that it added to the memory at its peak."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed before counts no longer
    Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak starts anew
    before = _kilobytes("VmRSS")
    started = time.perf_counter()
    work()
    elapsed = time.perf_counter() - started
    return elapsed, (_kilobytes("VmHWM") - before) * 1024 / 1e6


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
