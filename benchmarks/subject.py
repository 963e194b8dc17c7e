"""What every subject is given, and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from benchmarks.figure import Figure
from benchmarks.timing import Effort
from zoo_core.plugins.catalog import Catalog


@final
class Bench(NamedTuple):
    """Where and how to measure.

    Args:
        catalog: What is installed.
        folder: An empty folder to work in.
        effort: How long to measure each thing.
        quick: Whether the sizes are those of a first look.
        level: What the catalog's native code is bounded to, as ``levels.py`` has it; empty for no
            bound.
    """

    catalog: Catalog
    folder: Path
    effort: Effort
    quick: bool
    level: str = ""


Subject: TypeAlias = Callable[[Bench], Iterator[list[Figure]]]
"""Measures its cases one after the other; each list is one case."""
