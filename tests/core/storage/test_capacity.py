"""Sizes in words, and free room."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import DeviceError
from zoo_core.storage import capacity
from zoo_core.storage.capacity import ensure_free_memory, format_bytes, free_disk


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1670, "1.67 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),
        (2e18, "2 EB"),
        (5e20, "500 EB"),
        (1e21, "1e+03 EB"),
    ],
)
def test_a_size_has_a_decimal_unit(size: float, text: str) -> None:
    assert format_bytes(size) == text


def test_what_is_as_large_as_the_free_memory_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "free_memory", lambda: 1000)
    ensure_free_memory(1000, "a batch", "choose a smaller one")
    message = "a batch would take 1 kB of memory, 1 kB are free; choose a smaller one"
    with pytest.raises(DeviceError, match=message):
        ensure_free_memory(1001, "a batch", "choose a smaller one")


def test_the_disk_of_a_link_is_the_one_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing" / "file")
    assert free_disk(tmp_path / "link") > 0
