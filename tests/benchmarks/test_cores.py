"""The time from one core to another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import cores
from benchmarks.peers.implementations import has_compiler

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is no C++ compiler")


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one core")
def test_a_line_of_memory_takes_time_from_core_to_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "ROUNDS", 100)
    monkeypatch.setattr(cores, "SECONDS_APART", 0)
    samples = cores.nanoseconds(3, tmp_path)
    assert len(samples) == 3
    assert min(samples) > 0
