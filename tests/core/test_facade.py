"""The façade: ``zoo_core`` offers exactly what it says."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import re
from types import ModuleType

import pytest

import zoo_core
from zoo_core import errors
from zoo_core.runtime import nn

HOUSEKEEPING = {"Any", "LAZY_NAMES", "TYPE_CHECKING", "annotations"}
UNBOUND = {"__version__"}
"""Names that are computed when they are asked for."""
FUNCTIONS = [name for name in zoo_core.__all__ if inspect.isfunction(getattr(zoo_core, name))]
ELSEWHERE = {"Any", "Path", "Tensor", "None", *nn.__all__}
"""Classes that a signature names and that come from elsewhere."""
CLASS = re.compile(r"\b[A-Z]\w+")
ALIASES = {
    "Activations",
    "Callable",
    "Data",
    "Iterator",
    "Listener",
    "Numbers",
    "Sequence",
    "Settings",
    "SweepListener",
    "T",
}
"""What a signature names and is no class."""
LAZY = [(home, name) for home, names in zoo_core.LAZY_NAMES.items() for name in names]


def test_all_equals_the_public_names() -> None:
    bound = {name for name, value in vars(zoo_core).items() if not isinstance(value, ModuleType)}
    public = {name for name in bound if not name.startswith("_")} - HOUSEKEEPING
    assert sorted(public | UNBOUND | {name for _, name in LAZY}) == zoo_core.__all__


@pytest.mark.parametrize("name", zoo_core.__all__)
def test_every_name_resolves(name: str) -> None:
    assert getattr(zoo_core, name) is not None


@pytest.mark.parametrize(("home", "name"), LAZY)
def test_a_name_is_that_of_its_home(home: str, name: str) -> None:
    assert getattr(zoo_core, name) is getattr(importlib.import_module(home), name)


def test_dir_shows_the_public_names() -> None:
    assert dir(zoo_core) == zoo_core.__all__


def test_every_error_is_a_public_name() -> None:
    found = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.ZooError)
    }
    assert len(found) > 15
    assert found <= set(zoo_core.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_class_that_a_function_takes_or_returns_is_a_public_name(name: str) -> None:
    signature = inspect.signature(getattr(zoo_core, name))
    annotations = [parameter.annotation for parameter in signature.parameters.values()]
    named = set(CLASS.findall(" ".join([*annotations, signature.return_annotation])))
    assert named - ELSEWHERE - ALIASES <= set(zoo_core.__all__)


def test_the_version_is_that_of_the_distribution() -> None:
    written: str = zoo_core.__version__
    assert written == importlib.metadata.version("zoo-core")


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'zoo_core' has no attribute 'lode'") as found:
        _ = zoo_core.lode
    # from these a Python prompt suggests load
    assert (found.value.name, found.value.obj) == ("lode", zoo_core)


@pytest.mark.parametrize("name", zoo_core.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(zoo_core, name)
    assert value.__doc__
    assert not value.__doc__.startswith(f"{name}(")  # what dataclass writes if nobody does
