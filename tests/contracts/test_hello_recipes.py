"""The smallest example: what every hello recipe must reach."""

from __future__ import annotations

from pathlib import Path

import pytest

import zoo_core
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.recipe import Recipe, list_recipes
from zoo_core.recipes.resolve import SPECS

HELLO = [recipe for recipe in list_recipes(load_catalog()) if recipe.name.endswith(".hello")]
every_hello = pytest.mark.parametrize("recipe", HELLO, ids=lambda recipe: recipe.name)


def test_the_catalog_is_whole(catalog: Catalog) -> None:
    assert catalog.broken == ()
    assert {type(entry.spec) for entry in catalog.entries} >= set(SPECS.values())
    assert len(HELLO) > 5


@every_hello
def test_a_hello_recipe_spells_ohlol(recipe: Recipe, tmp_path: Path) -> None:
    checkpoint = zoo_core.train(recipe.name, tmp_path / "run", seed=0, threads=1)
    assert zoo_core.predict(checkpoint, "hello") == "ohlol"


@pytest.mark.slow
@every_hello
def test_a_hello_recipe_spells_ohlol_on_nineteen_seeds_of_twenty(
    recipe: Recipe, tmp_path: Path
) -> None:
    seeds = range(20)
    runs = (zoo_core.train(recipe.name, tmp_path / str(s), seed=s, threads=1) for s in seeds)
    spelt = [zoo_core.predict(run, "hello") == "ohlol" for run in runs]
    assert sum(spelt) >= 19, f"failed on {[s for s in seeds if not spelt[s]]}"
