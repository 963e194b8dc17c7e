"""The smallest example: what every hello recipe must reach."""

from __future__ import annotations

from pathlib import Path

import pytest

import zoo_core
from tests.contracts.cases import grouped
from tests.contracts.conftest import TrainHello
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.recipe import Recipe, list_recipes
from zoo_core.recipes.resolve import SPECS

HELLO = [recipe for recipe in list_recipes(load_catalog()) if recipe.name.endswith(".hello")]
every_hello = pytest.mark.parametrize(
    "recipe", [grouped(recipe, recipe.name, f"hello {recipe.name}") for recipe in HELLO]
)


def test_the_catalog_is_whole(catalog: Catalog) -> None:
    assert catalog.broken == ()
    assert {type(entry.spec) for entry in catalog.entries} >= set(SPECS.values())
    assert len(HELLO) > 5


@every_hello
def test_a_hello_recipe_spells_ohlol(recipe: Recipe, train_hello: TrainHello) -> None:
    assert zoo_core.predict(train_hello(recipe.name, 0), "hello") == "ohlol"


@pytest.mark.slow
@every_hello
def test_a_hello_recipe_spells_ohlol_on_nineteen_seeds_of_twenty(
    recipe: Recipe, tmp_path: Path
) -> None:
    seeds = range(20)
    runs = (zoo_core.train(recipe.name, tmp_path / str(s), seed=s, threads=1) for s in seeds)
    spelt = [zoo_core.predict(run, "hello") == "ohlol" for run in runs]
    assert sum(spelt) >= 19, f"failed on {[s for s in seeds if not spelt[s]]}"
