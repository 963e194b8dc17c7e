"""What every benchmark takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from benchmarks.measurement import Measurement
from benchmarks.timing import Effort
from zoo_core.plugins.catalog import Catalog


@final
class Setup(NamedTuple):
    """Where and how to measure.

    Args:
        catalog: The installed plugins.
        folder: An empty folder to work in.
        effort: How long to measure each implementation.
        quick: Whether to use small sizes, for a first look.
        level: The highest instruction set of native code, a key of ``levels.LEVELS``; empty for no
            limit.
        cases: The cases to measure once more; empty for all. A benchmark may measure others too.
    """

    catalog: Catalog
    folder: Path
    effort: Effort
    quick: bool
    level: str = ""
    cases: frozenset[str] = frozenset()

    def wants(self, case: str) -> bool:
        """Whether to measure a case."""
        return not self.cases or case in self.cases


Benchmark: TypeAlias = Callable[[Setup], Iterator[list[Measurement]]]
"""Measures its cases one after the other and yields a list of measurements per case."""
