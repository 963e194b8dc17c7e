"""Limits of axes."""

from __future__ import annotations

from collections.abc import Iterable

MARGIN = 0.08
"""Room at both ends of an axis, as a share of what is shown."""
MIN_SPAN = 0.02
"""Shortest axis of fractions, which shows equal values as equal."""


def fraction_limits(values: Iterable[float]) -> tuple[float, float]:
    """Returns the limits of an axis of fractions, such as accuracies, from 0 to 1 at most."""
    finite = [value for value in values if 0 <= value <= 1]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    room = max(MARGIN * (high - low), MIN_SPAN / 2)
    return max(low - room, 0.0), min(high + room, 1.0)
