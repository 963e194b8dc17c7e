"""Resolving a run where two plugins have the same name: the advised full names work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.plugins.sample_plugin import CONFIGS, RECIPES, SPECS, PluginWriter
from zoo_core.errors import AmbiguousError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.recipe import recipe_text
from zoo_core.recipes.resolve import resolve_run

THIRD = {"tiny.third": "[dataset]\nname = 'alpha'"}
RIVAL = {"tiny.first": "[dataset]\nname = 'alpha'\nlength = 9"}
ANOTHER = """
@hookimpl
def zoo_models(): return [model("another")]
"""


@pytest.fixture
def namesakes(write_plugin: PluginWriter) -> Catalog:
    """Two distributions whose plugins have the same name and the same specs."""
    return load_catalog(
        write_plugin(
            SPECS, name="same", distribution=distribution, configs=CONFIGS, recipes=RECIPES
        )
        for distribution in ("dist-one", "dist-two")
    )


def test_a_recipe_of_another_plugin_is_used(little: Plugin, write_plugin: PluginWriter) -> None:
    other = write_plugin(ANOTHER, name="zoo-other", recipes=THIRD)
    run_config = resolve_run(load_catalog([little, other]), "tiny.third").run_config()
    assert (run_config.recipe, run_config.plugins["model"]) == ("tiny.third", "little")


@pytest.mark.parametrize(("owner", "length"), [("little", 6), ("zoo-other", 9)])
def test_the_owner_of_a_recipe_need_not_own_the_model(
    little: Plugin, write_plugin: PluginWriter, owner: str, length: int
) -> None:
    other = write_plugin(ANOTHER, name="zoo-other", recipes=RIVAL)
    run_config = resolve_run(load_catalog([little, other]), f"{owner}:tiny.first").run_config()
    assert run_config.plugins["model"] == "little"
    assert run_config.configs["dataset"] == {"length": length}


def test_a_recipe_that_two_plugins_bring_is_refused(
    little: Plugin, write_plugin: PluginWriter
) -> None:
    other = write_plugin(ANOTHER, name="zoo-other", recipes=RIVAL)
    with pytest.raises(AmbiguousError, match=r"little:tiny\.first or zoo-other:tiny\.first"):
        resolve_run(load_catalog([little, other]), "tiny.first")


def test_a_dataset_of_another_plugin_is_not_the_recipes(
    little: Plugin, write_plugin: PluginWriter
) -> None:
    recipes = {"tiny.first": RECIPES["tiny.first"].replace('"alpha"', '"little:alpha"')}
    other = write_plugin(SPECS, name="zoo-other", configs=CONFIGS, recipes=recipes)
    chosen = resolve_run(
        load_catalog([little, other]),
        "zoo-other:tiny",
        dataset="zoo-other:alpha",
        trainer="little:plain",
    )
    assert chosen.recipe == ""


def test_a_model_chosen_by_distribution_is_found_again_from_the_run_config(
    namesakes: Catalog,
) -> None:
    chosen = resolve_run(
        namesakes, "dist-two:bare", dataset="dist-two:alpha", trainer="dist-two:plain"
    )
    entry = namesakes.find(ModelSpec, chosen.run_config().name("model"))
    assert entry.plugin.distribution == "dist-two"


def test_a_run_config_written_as_a_recipe_is_read_back_among_namesakes(
    namesakes: Catalog, tmp_path: Path
) -> None:
    chosen = resolve_run(
        namesakes, "dist-two:bare", dataset="dist-two:alpha", trainer="dist-two:plain"
    )
    run_config = chosen.run_config({"dataset": {"length": 9}}, seed=5)
    (tmp_path / "recipe.toml").write_text(recipe_text(run_config))
    assert (
        resolve_run(namesakes, "dist-two:bare", file=tmp_path / "recipe.toml").run_config()
        == run_config
    )
