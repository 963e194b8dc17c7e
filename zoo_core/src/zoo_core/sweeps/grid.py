"""A grid: seeds, and the values of settings that are combined with them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, final

from zoo_core.configs.records import Count, Rule
from zoo_core.errors import ConfigError
from zoo_core.sweeps.ranges import fraction, parse_range

MAX_RUNS = 10_000
"""The most runs of a grid."""
Values: TypeAlias = tuple[Any, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Grid:
    """Every combination of the values, or random ones, with every seed.

    Args:
        seeds: The seeds, without repetition.
        values: The values of settings by flat key, such as ``model.hidden_size``.
        ranges: The ranges to draw settings from, by flat key; only with ``random``.
        random: The number of random combinations; 0 for every combination.
    """

    seeds: Annotated[tuple[int, ...], Rule("at least one seed", bool)]
    values: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    ranges: dict[str, str] = field(default_factory=dict)
    random: Count = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The flat keys of what varies."""
        return (*self.values, *self.ranges)

    def with_value(self, key: str, value: Any) -> Grid:
        """Returns this grid with one value of another setting."""
        values = {**self.values, key: (value,)}
        return Grid(seeds=self.seeds, values=values, ranges=self.ranges, random=self.random)

    def check_size(self) -> None:
        """Checks the number of runs.

        Raises:
            ConfigError: There are more than ``MAX_RUNS``.
        """
        settings = self.random or math.prod(map(len, self.values.values()))
        if (runs := settings * len(self.seeds)) > MAX_RUNS:
            raise ConfigError(f"{runs:,} runs: at most {MAX_RUNS:,} are possible; vary less")

    def settings(self) -> Iterator[dict[str, Any]]:
        """Yields each combination of values, by flat key; the last key varies fastest."""
        if not self.random:
            for combination in itertools.product(*self.values.values()):
                yield dict(zip(self.values, combination, strict=True))
            return
        ranges = {key: parse_range(text, key) for key, text in self.ranges.items()}
        for index in range(self.random):
            drawn: dict[str, Any] = {}
            for key, values in self.values.items():
                drawn[key] = values[int(fraction(key, index) * len(values))]
            for key, bounds in ranges.items():
                drawn[key] = bounds.value(fraction(key, index))
            yield drawn

    def covers(self, other: Grid) -> bool:
        """Whether every run of another grid is one of this grid."""
        if not set(other.seeds) <= set(self.seeds) or other.ranges != self.ranges:
            return False
        if self.random or other.random:
            return 0 < other.random <= self.random and other.values == self.values
        return other.values.keys() == self.values.keys() and all(
            all(value in self.values[key] for value in values)
            for key, values in other.values.items()
        )
