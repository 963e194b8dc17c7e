"""Rules that our own recipes keep beyond those of every plugin."""

from __future__ import annotations

from typing import Any

import pytest

from zoo_core.configs.settings import build_config, settings_without_effect
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.recipes.recipe import Recipe, list_recipes
from zoo_core.recipes.resolve import SPECS, resolve_run

CATALOG = load_catalog()
RECIPES = list_recipes(CATALOG)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_has_a_note_and_says_how_long_it_takes(recipe: Recipe) -> None:
    assert recipe.tables["note"].endswith(".")
    assert recipe.seconds is not None
    assert recipe.seconds > 0


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_setting_of_a_recipe_has_an_effect(recipe: Recipe) -> None:
    run_config = resolve_run(CATALOG, recipe.name).run_config({})
    for section, kind in SPECS.items():
        spec: Any = CATALOG.find(kind, run_config.name(section)).spec
        config = build_config(resolve(spec.config), section, run_config.configs[section])
        assert not settings_without_effect(config, section)
