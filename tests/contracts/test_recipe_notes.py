"""Our own recipes say more than every recipe must."""

from __future__ import annotations

import pytest

from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.recipe import Recipe, list_recipes

RECIPES = list_recipes(load_catalog())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_has_a_note_and_says_how_long_it_takes(recipe: Recipe) -> None:
    assert recipe.tables["note"].endswith(".")
    assert recipe.seconds is not None
    assert recipe.seconds > 0
