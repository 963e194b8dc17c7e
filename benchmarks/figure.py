"""A figure: one way of one thing, measured in turns with the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import final

PERPLEXITY = "perplexity"
"""The unit of samples that are seeds, not turns: their spread is told beside the median."""


@final
@dataclass(frozen=True)
class Figure:
    """What one way of one thing achieved.

    Args:
        subject: Which file of this folder measured it.
        case: What was measured, such as ``M lstm``.
        way: How it was done, such as ``torch.nn``.
        unit: Of the samples.
        samples: One for each turn; those of one case were taken in the same turns.
        date: When they were taken, as ISO 8601 has it; empty if nobody wrote it down.
    """

    subject: str
    case: str
    way: str
    unit: str
    samples: list[float]
    date: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest sample and the highest."""
        return min(self.samples), max(self.samples)

    def over(self, other: Figure) -> float:
        """The median of the ratios to another way in the same turns."""
        return median(mine / its for mine, its in zip(self.samples, other.samples, strict=True))


def figures(subject: str, case: str, unit: str, samples: Mapping[str, list[float]]) -> list[Figure]:
    """The figures of one case, by way."""
    return [Figure(subject, case, way, unit, each) for way, each in samples.items()]


def find(found: Iterable[Figure], subject: str, case: str, way: str) -> Figure | None:
    """The figure of a way, if it was measured."""
    expected = (subject, case, way)
    return next((each for each in found if (each.subject, each.case, each.way) == expected), None)
