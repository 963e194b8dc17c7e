"""The façade: ``zoo_core`` offers exactly what it says."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

import zoo_core

HOUSEKEEPING = {"Any", "RUNTIME", "TYPE_CHECKING", "annotations"}


def test_all_equals_the_public_names() -> None:
    bound = {name for name, value in vars(zoo_core).items() if not isinstance(value, ModuleType)}
    public = {name for name in bound if not name.startswith("_")} - HOUSEKEEPING
    assert sorted(public | set(zoo_core.RUNTIME)) == zoo_core.__all__


@pytest.mark.parametrize("name", zoo_core.__all__)
def test_every_name_resolves(name: str) -> None:
    assert getattr(zoo_core, name) is not None


@pytest.mark.parametrize("name", zoo_core.RUNTIME)
def test_a_name_of_the_runtime_is_the_runtimes(name: str) -> None:
    api = importlib.import_module("zoo_core.runtime.api")
    assert getattr(zoo_core, name) is getattr(api, name)


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
