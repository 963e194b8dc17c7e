"""Free memory and sizes in words."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from zoo_core.storage import capacity
from zoo_core.storage.capacity import format_bytes, free_memory


def test_the_limit_of_the_cgroup_bounds_free_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(capacity, "CGROUP_LIMIT", tmp_path / "memory.max")
    (tmp_path / "memory.max").write_text("1000\n")
    assert free_memory() == 1000


@pytest.mark.parametrize("limit", ["max\n", None])
def test_without_a_limit_the_machine_bounds_free_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str | None
) -> None:
    monkeypatch.setattr(capacity, "CGROUP_LIMIT", tmp_path / "memory.max")
    if limit:
        (tmp_path / "memory.max").write_text(limit)
    assert 0 < free_memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1670, "1.67 kB"), (2e18, "2 EB")])
def test_a_size_has_a_decimal_unit(size: float, text: str) -> None:
    assert format_bytes(size) == text
