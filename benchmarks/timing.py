"""Measures several implementations of the same work side by side.

The speed of a machine drifts by a third within minutes. So the implementations take turns, and
comparisons use the ratio within a turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, final

Work: TypeAlias = Callable[[int], float]
"""Does something a number of times and returns the amount of work, in the unit that is measured."""


@final
class Effort(NamedTuple):
    """How long to measure.

    Args:
        rounds: Turns of each implementation.
        seconds: Duration of a turn, in seconds.
    """

    rounds: int
    seconds: float


def interleave(implementations: Mapping[str, Work], effort: Effort) -> dict[str, list[float]]:
    """The work per second of each implementation, one sample per turn."""
    counts = {name: _calibrate(work, effort.seconds) for name, work in implementations.items()}
    rates: dict[str, list[float]] = {name: [] for name in implementations}
    for _ in range(effort.rounds):
        for name, work in implementations.items():
            started = time.perf_counter()
            amount = work(counts[name])
            rates[name].append(amount / (time.perf_counter() - started))
    return rates


def _calibrate(work: Work, seconds: float) -> int:
    """How many times the work fits into a duration, after a warm-up."""
    work(1)
    count = 1
    while True:
        started = time.perf_counter()
        work(count)
        elapsed = time.perf_counter() - started
        if elapsed >= seconds / 4:
            return max(1, round(count * seconds / elapsed))
        count *= 4
