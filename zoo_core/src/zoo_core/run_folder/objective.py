"""The objective of a run: the metric that decides, and which direction of each is better."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

Direction: TypeAlias = Literal["min", "max"]
DIRECTIONS: dict[str, Direction] = {
    "loss": "min",
    "perplexity": "min",
    "bits_per_character": "min",
    "bits_per_byte": "min",
    "unknown_share": "min",
    "accuracy": "max",
}
"""The directions of the metrics that trainers share."""


@final
@dataclass(frozen=True)
class Objective:
    """The metric that decides which epoch and which run is the best, and what better means.

    Args:
        metric: The name of the main metric.
        directions: For each metric ``min`` if a lower value is better, ``max`` if a higher one is.
    """

    metric: str = "loss"
    directions: dict[str, Direction] = field(default_factory=lambda: dict(DIRECTIONS))

    def higher_is_better(self, metric: str = "") -> bool:
        """Whether the higher of two values of a metric is better; by default of the main one.

        Of a metric without a direction, the lower value is.
        """
        return self.directions.get(metric or self.metric, "min") == "max"

    def in_order(self, metrics: Iterable[str]) -> list[str]:
        """Returns the names of metrics with the main one first, the others as they come."""
        return sorted(metrics, key=lambda name: name != self.metric)

    def is_better(self, value: float, other: float | None, metric: str = "") -> bool:
        """Whether a value is better than another; every number is better than None or NaN.

        Args:
            value: The value.
            other: The value to compare with; None if there is none.
            metric: The metric of both; by default the main one.
        """
        if other is None or math.isnan(other):
            return not math.isnan(value)
        return value > other if self.higher_is_better(metric) else value < other
