"""Measuring several ways of one thing side by side.

A machine's speed drifts by a third from minute to minute. So the ways take turns, and what is
compared is the ratio within a turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, final

Work: TypeAlias = Callable[[int], float]
"""Does something so many times, and returns how much came of it, in the unit of the figure."""


@final
class Effort(NamedTuple):
    """How long to measure.

    Args:
        rounds: Turns of each way.
        seconds: Of each turn.
    """

    rounds: int
    seconds: float


def interleave(ways: Mapping[str, Work], effort: Effort) -> dict[str, list[float]]:
    """What each way achieves per second, in every turn."""
    counts = {way: _count(work, effort.seconds) for way, work in ways.items()}
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(effort.rounds):
        for way, work in ways.items():
            began = time.perf_counter()
            done = work(counts[way])
            rates[way].append(done / (time.perf_counter() - began))
    return rates


def _count(work: Work, seconds: float) -> int:
    """How often the work fits into so many seconds, once it has warmed up."""
    work(1)
    count = 1
    while True:
        began = time.perf_counter()
        work(count)
        taken = time.perf_counter() - began
        if taken >= seconds / 4:
            return max(1, round(count * seconds / taken))
        count *= 4
