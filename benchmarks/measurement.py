"""A measurement: the samples of one implementation of one case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
        runs: The runs that took the samples, as many turns in each.
    """

    benchmark: str
    case: str
    implementation: str
    unit: str
    samples: list[float]
    date: str = ""
    runs: int = 1

    @property
    def value(self) -> float:
        """The median of the samples."""
        return median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest sample."""
        return min(self.samples), max(self.samples)

    def over(self, other: Measurement) -> float:
        """The median of the ratios to another implementation in the same turns.

        Of several runs, the median of their medians.
        """
        pairs = zip(self.samples, other.samples, strict=True)
        ratios = [sample / other_sample for sample, other_sample in pairs]
        turns = len(ratios) // self.runs
        return median(
            median(ratios[start : start + turns]) for start in range(0, turns * self.runs, turns)
        )

    def with_run(self, other: Measurement) -> Measurement:
        """Returns this measurement with the samples of another run."""
        return replace(
            self, samples=self.samples + other.samples, runs=self.runs + other.runs, date=other.date
        )


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
