"""From a name to a checkpoint's folder, where two plugins offer the model."""

from __future__ import annotations

import pytest

from zoo_core.errors import NotFoundError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.locate import find_folder

OWL = Plugin("zoo-owl", "zoo_owl.plugin", "zoo-plugin-owl", "1.0")


@pytest.fixture
def two(catalog: Catalog) -> Catalog:
    """The installed plugins and another one with a model of the same name."""
    spec = catalog.find(ModelSpec, "lstm-embed").spec
    return catalog._replace(entries=(*catalog.entries, CatalogEntry(OWL, spec)))


@pytest.mark.parametrize("tag", ["", ".hello"])
@pytest.mark.parametrize("owner", ["zoo-owl", "zoo-plugin-owl"])
def test_the_weights_of_another_plugins_model_are_refused(
    two: Catalog, owner: str, tag: str
) -> None:
    name = f"{owner}:lstm-embed{tag}"
    message = f"no pretrained checkpoint '{name}'; that of zoo-lstm: zoo-lstm:lstm-embed{tag}$"
    with pytest.raises(NotFoundError, match=message):
        find_folder(two, name)


def test_the_plugin_that_made_the_weights_finds_them(two: Catalog) -> None:
    assert (find_folder(two, "zoo-lstm:lstm-embed") / "config.json").exists()
