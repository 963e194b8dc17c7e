"""The index of known plugins, and the errors about unknown names."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.index import known_owner, known_plugins, search_plugins
from zoo_core.plugins.specs import SPEC_CLASSES, DatasetSpec, KernelSpec, ModelSpec, TrainerSpec
from zoo_core.recipes.recipe import find_recipe
from zoo_core.references import Named
from zoo_core.registry.file import read_registry

ROOT = Path(__file__).parents[3]
OWL = """
[plugins.zoo-owl]
distribution = "zoo-plugin-owl"
summary = "Nocturnal birds."
models = ["owl-cell"]
datasets = ["hoots"]
trainers = ["dusk"]
commands = ["hunt"]
"""
COMES = "comes with zoo-plugin-owl: zoo plugins install zoo-plugin-owl"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with a plugin that is not installed."""
    path = tmp_path / "registry.toml"
    path.write_text(f"schema = 1\n{OWL}")
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    return path


@pytest.mark.parametrize("word", ["owl", "OWL", "plugin-owl", "birds", "hoot", "dusk", "hunt", ""])
@pytest.mark.usefixtures("registry")
def test_a_word_is_searched_in_everything_that_is_known(word: str) -> None:
    assert [plugin.name for plugin in search_plugins(word)] == ["zoo-owl"]


@pytest.mark.usefixtures("registry")
def test_another_word_finds_nothing() -> None:
    assert search_plugins("zebra") == []


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("kind", "name"), [(ModelSpec, "owl-cell"), (DatasetSpec, "hoots"), (TrainerSpec, "dusk")]
)
def test_an_unknown_name_names_the_plugin_that_has_it(
    catalog: Catalog, kind: type, name: str
) -> None:
    with pytest.raises(NotFoundError, match=f"; {name} {COMES}"):
        catalog.find(kind, name)


@pytest.mark.usefixtures("registry")
def test_a_recipe_of_an_unknown_model_names_the_plugin_too(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match=f"no recipe 'owl-cell.hello'; owl-cell {COMES}"):
        find_recipe(catalog, Named("", "owl-cell", "hello"))


def test_registries_of_plugins_are_searched_too(
    catalog: Catalog, registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other.toml").write_text("schema = 1\n")
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "other.toml"))
    assert known_owner("owl-cell") == ""
    with pytest.raises(NotFoundError, match=COMES):
        catalog._replace(registries=(registry,)).find(ModelSpec, "owl-cell")


def test_a_plugin_that_is_indexed_twice_is_refused(registry: Path) -> None:
    with pytest.raises(ConfigError, match=r"plugin 'zoo-owl' is in .*registry.toml already"):
        known_plugins([registry])


def test_an_invalid_registry_does_not_hide_an_unknown_name(
    catalog: Catalog, registry: Path
) -> None:
    registry.write_text("nonsense")
    with pytest.raises(NotFoundError, match="no model 'owl-cell'; try: zoo list models"):
        catalog.find(ModelSpec, "owl-cell")


def test_a_name_of_a_blocked_plugin_names_zoo_plugins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru")
    message = "lstm-embed comes with zoo-lstm: it is installed, but ZOO_PLUGINS leaves it out"
    with pytest.raises(NotFoundError, match=message):
        load_catalog().find(ModelSpec, "lstm-embed")


def test_our_own_index_lists_what_our_plugins_offer() -> None:
    catalog = load_catalog()
    offered = {
        plugin.name: {
            offer.spec.name
            for kind in SPEC_CLASSES
            if kind is not KernelSpec
            for offer in catalog.of(kind)
            if offer.plugin == plugin
        }
        for plugin in catalog.plugins
    }
    known = read_registry(ROOT / "registry.toml").plugins
    indexed = {
        plugin.name: {
            *plugin.offers,
            *plugin.commands,
            *plugin.loggers,
            *plugin.formats,
            *plugin.engines,
        }
        for plugin in known
    }
    assert {name: indexed.get(name) for name in offered} == offered
    assert [plugin.name for plugin in known] == sorted(plugin.name for plugin in known)
