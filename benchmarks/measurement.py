"""A measurement: the samples of one implementation of one case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import final

PERPLEXITY = "perplexity"
"""The unit of samples that are seeds, not turns: tables show their spread beside the median."""


@final
@dataclass(frozen=True)
class Measurement:
    """What one implementation achieved in one case.

    Args:
        benchmark: The benchmark, which is a module of this package.
        case: What was measured, such as ``d2l lstm``.
        implementation: What did it, such as ``torch.nn``.
        unit: The unit of the samples.
        samples: One sample per turn; the implementations of a case took the same turns.
        date: When the samples were taken, in ISO 8601; empty if it was not recorded.
    """

    benchmark: str
    case: str
    implementation: str
    unit: str
    samples: list[float]
    date: str = ""

    @property
    def value(self) -> float:
        """The median of the samples."""
        return median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest sample."""
        return min(self.samples), max(self.samples)

    def over(self, other: Measurement) -> float:
        """The median of the ratios to another implementation in the same turns."""
        pairs = zip(self.samples, other.samples, strict=True)
        return median(sample / other_sample for sample, other_sample in pairs)


def measurements(
    benchmark: str, case: str, unit: str, samples: Mapping[str, list[float]]
) -> list[Measurement]:
    """The measurements of one case, from samples by implementation."""
    return [
        Measurement(benchmark, case, implementation, unit, values)
        for implementation, values in samples.items()
    ]


def find(
    measured: Iterable[Measurement], benchmark: str, case: str, implementation: str
) -> Measurement | None:
    """The measurement of an implementation, or None if it was not measured."""
    for measurement in measured:
        key = (measurement.benchmark, measurement.case, measurement.implementation)
        if key == (benchmark, case, implementation):
            return measurement
    return None
