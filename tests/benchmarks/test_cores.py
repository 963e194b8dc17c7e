"""The time from one core to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import cores
from benchmarks.benchmark import Setup
from benchmarks.peers.implementations import has_compiler
from benchmarks.timing import Effort
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.hardware.threads import count_cores

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is no C++ compiler")


@pytest.mark.skipif((count_cores() or 1) < 2, reason="there is one core")
def test_a_line_of_memory_takes_time_from_core_to_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "ROUNDS", 100)
    monkeypatch.setattr(cores, "SECONDS_APART", 0)
    samples = cores.nanoseconds(3, tmp_path)
    assert len(samples) == 3
    assert min(samples) > 0


def test_a_process_that_may_use_one_core_measures_nothing(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its two threads would wait a turn of the scheduler for each line."""
    monkeypatch.setattr(cores, "count_cores", lambda: 1)
    monkeypatch.setattr(cores, "nanoseconds", lambda *_: pytest.fail("it measures"))
    setup = Setup(catalog, tmp_path, Effort(1, 0.01), quick=True)
    assert not list(cores.cores(setup))
