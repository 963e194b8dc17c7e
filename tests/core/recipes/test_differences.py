"""What runs set otherwise than their recipes."""

from __future__ import annotations

from dataclasses import replace

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.differences import differences_from_recipes
from zoo_core.recipes.resolve import resolve_run


def test_settings_parts_and_seed_are_compared_with_the_recipe(catalog: Catalog) -> None:
    same = resolve_run(catalog, "tiny").run_config()
    other = resolve_run(catalog, "tiny", trainer="plain").run_config(
        {"model": {"width": 3}, "trainer": {"epochs": 2}}, seed=5
    )
    assert differences_from_recipes(catalog, [same, other]) == [
        [],
        ["trainer = plain", "model.width = 3", "trainer.epochs = 2", "seed = 5"],
    ]


def test_without_a_recipe_the_defaults_are_compared(catalog: Catalog) -> None:
    path = {"dataset": {"path": "a.txt"}}
    typed = resolve_run(catalog, "tiny.first", dataset="beta").run_config(path)
    defaults = resolve_run(catalog, "bare", dataset="beta").run_config(path)
    assert differences_from_recipes(catalog, [typed, defaults]) == [
        ["dataset = beta", "dataset.path = a.txt"],
        ["dataset.path = a.txt"],
    ]


def test_a_run_of_a_plugin_that_is_gone_has_no_differences(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny").run_config(seed=9)
    gone = replace(run_config, model="gone", recipe="")
    assert differences_from_recipes(catalog, [gone]) == [[]]


def test_a_setting_that_an_older_run_lacks_is_no_difference(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny").run_config()
    older = replace(run_config, configs=run_config.configs | {"model": {"width": 16}})
    assert differences_from_recipes(catalog, [older]) == [[]]
