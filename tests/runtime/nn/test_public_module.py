"""The public module for authors: ``zoo_core.runtime.nn`` offers exactly what it says."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

import pytest

from zoo_core.runtime import nn


def test_all_equals_the_public_names() -> None:
    bound = {name for name, value in vars(nn).items() if not isinstance(value, ModuleType)}
    assert sorted(name for name in bound if not name.startswith("_")) == sorted(nn.__all__)


@pytest.mark.parametrize("name", nn.__all__)
def test_every_public_class_and_function_is_documented(name: str) -> None:
    value = getattr(nn, name)
    if isinstance(value, type) or (callable(value) and value is not NamedTuple):
        assert value.__doc__
        assert not value.__doc__.startswith(f"{name}(")  # what NamedTuple writes if nobody does
