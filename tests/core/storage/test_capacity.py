"""Sizes in words."""

from __future__ import annotations

import pytest

from zoo_core.storage.capacity import format_bytes


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1670, "1.67 kB"), (2e18, "2 EB")])
def test_a_size_has_a_decimal_unit(size: float, text: str) -> None:
    assert format_bytes(size) == text
