"""A large registry: work is counted, as times depend on the machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

from tests.core.registry.large_registry import write_large_registry
from zoo_core.registry.file import read_registry

MAX_CALLS = 220
"""Calls of Python functions that the check of one more entry may take."""


def _calls(function: Callable[[], object]) -> int:
    """Counts the calls of Python functions outside of the TOML library."""
    count = [0]

    def profile(frame: FrameType, event: str, argument: object) -> None:
        count[0] += event == "call" and "tomllib" not in frame.f_code.co_filename

    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(previous)
    return count[0]


def test_an_entry_takes_as_few_calls_in_a_large_registry_as_in_a_small_one(tmp_path: Path) -> None:
    numbers = (1, 20, 120, 220)
    paths = [write_large_registry(tmp_path / f"{number}.toml", number) for number in numbers]
    _, small, middle, large = (_calls(partial(read_registry, path)) for path in paths)
    assert abs((large - middle) - (middle - small)) < 100
    assert (large - small) / 200 < MAX_CALLS


def test_a_registry_that_is_read_again_is_not_checked_again(tmp_path: Path) -> None:
    path = write_large_registry(tmp_path / "registry.toml", 20)
    first, second = read_registry(path), read_registry(path)
    assert second is first
    write_large_registry(path, 21)
    assert len(read_registry(path).checkpoints) == 21
