"""The façade: ``zoo_core`` offers exactly what it says."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

import zoo_core

HOUSEKEEPING = {"Any", "LAZY_NAMES", "TYPE_CHECKING", "annotations"}
LAZY = [(home, name) for home, names in zoo_core.LAZY_NAMES.items() for name in names]


def test_all_equals_the_public_names() -> None:
    bound = {name for name, value in vars(zoo_core).items() if not isinstance(value, ModuleType)}
    public = {name for name in bound if not name.startswith("_")} - HOUSEKEEPING
    assert sorted(public | {name for _, name in LAZY}) == zoo_core.__all__


@pytest.mark.parametrize("name", zoo_core.__all__)
def test_every_name_resolves(name: str) -> None:
    assert getattr(zoo_core, name) is not None


@pytest.mark.parametrize(("home", "name"), LAZY)
def test_a_name_is_that_of_its_home(home: str, name: str) -> None:
    assert getattr(zoo_core, name) is getattr(importlib.import_module(home), name)


def test_dir_shows_the_public_names() -> None:
    assert dir(zoo_core) == zoo_core.__all__


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'zoo_core' has no attribute 'no_such_name'"):
        _ = zoo_core.no_such_name


@pytest.mark.parametrize("name", zoo_core.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(zoo_core, name)
    assert value.__doc__
    assert not value.__doc__.startswith(f"{name}(")  # what dataclass writes if nobody does
