"""Rules that every spec, config and recipe of the catalog keeps."""

from __future__ import annotations

import json
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import torch
from zoo_core.catalog import Catalog, load_catalog
from zoo_core.draft import SPECS, draft
from zoo_core.imports import resolve
from zoo_core.plan import Plan
from zoo_core.recipes import TABLES, Recipe, list_recipes
from zoo_core.runtime.batch import Batch
from zoo_core.runtime.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.dataset import AbstractDataset
from zoo_core.runtime.trainer import Totals
from zoo_core.settings import Setting, make, settings_of, values_of
from zoo_core.specs import AbstractSpec

import zoo_core
from zoo_core import AbstractTrainerConfig, DatasetSpec, TrainerSpec, Vocabulary

CATALOG = load_catalog()
SPEC_LIST: list[Any] = [offer.spec for offer in CATALOG.offers]
CONFIGURED: list[Any] = [each.spec for kind in SPECS.values() for each in CATALOG.of(kind)]
RECIPES = list_recipes(CATALOG)
HELLO = [recipe for recipe in RECIPES if recipe.tables["dataset"]["name"] == "hello"]
REQUIRED: dict[type, object] = {Path: "a/file", str: "text", int: 1, float: 0.5, bool: True}

every_spec = pytest.mark.parametrize("spec", SPEC_LIST, ids=lambda spec: spec.name)
every_config = pytest.mark.parametrize("spec", CONFIGURED, ids=lambda spec: spec.name)
every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
every_hello = pytest.mark.parametrize("recipe", HELLO, ids=lambda recipe: recipe.name)


def sample(spec: Any) -> Any:
    """A config with its defaults, and something for what must be given."""
    config = resolve(spec.config)
    needed = {
        key: REQUIRED[each.type]
        for key, each in settings_of(config).items()
        if each.default is MISSING
    }
    return make(config, "section", needed)


def toml(values: dict[str, Any]) -> str:
    """The values as TOML; text, numbers and booleans read there as in JSON."""
    said = {key: "none" if value is None else value for key, value in values.items()}
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in said.items())


def settings_said() -> list[Setting]:
    """Every setting of every config of the catalog."""
    configs = dict.fromkeys(resolve(spec.config) for spec in CONFIGURED)
    return [
        each._replace(label=f"{config.__name__}.{key}")
        for config in configs
        for key, each in settings_of(config).items()
    ]


def with_default() -> list[Setting]:
    """Those of them that have a default."""
    return [each for each in settings_said() if each.default is not MISSING]


def test_the_catalog_is_whole(catalog: Catalog) -> None:
    assert catalog.broken == ()
    assert {type(offer.spec) for offer in catalog.offers} >= set(SPECS.values())
    assert RECIPES


@every_spec
def test_every_import_string_leads_somewhere(spec: AbstractSpec) -> None:
    values = [getattr(spec, field.name) for field in fields(spec)]
    strings = [each for each in values if isinstance(each, str) and each.count(":") == 1]
    found = [resolve(each) for each in strings if " " not in each]
    assert found
    assert all(callable(each) for each in found)


@every_spec
def test_a_summary_is_one_sentence(spec: AbstractSpec) -> None:
    assert spec.summary.endswith(".")
    assert "\n" not in spec.summary
    assert len(spec.summary) <= 80


@every_config
def test_a_config_comes_back_from_its_values(spec: Any) -> None:
    config = sample(spec)
    assert make(type(config), "section", values_of(config)) == config


@every_config
def test_a_config_comes_back_from_json(spec: Any) -> None:
    config = sample(spec)
    values = json.loads(json.dumps(values_of(config), allow_nan=False))
    assert make(type(config), "section", values) == config


@every_config
def test_a_config_comes_back_from_toml(spec: Any) -> None:
    config = sample(spec)
    assert make(type(config), "section", tomllib.loads(toml(values_of(config)))) == config


@every_config
def test_no_config_has_a_field_that_a_recipe_names_a_part_by(spec: Any) -> None:
    assert "name" not in settings_of(resolve(spec.config))


@pytest.mark.parametrize("setting", settings_said(), ids=lambda setting: setting.label)
def test_a_setting_is_told_in_one_sentence(setting: Setting) -> None:
    assert setting.notes.help.endswith(".")
    assert "\n" not in setting.notes.help


@pytest.mark.parametrize("setting", with_default(), ids=lambda setting: setting.label)
def test_a_default_keeps_its_own_bounds(setting: Setting) -> None:
    assert setting.check(setting.default) == setting.default


def test_every_trainer_has_the_settings_of_the_loop(catalog: Catalog) -> None:
    for _, spec in catalog.of(TrainerSpec):
        assert issubclass(resolve(spec.config), AbstractTrainerConfig)


@every_recipe
def test_a_recipe_makes_a_plan_of_what_it_says(catalog: Catalog, recipe: Recipe) -> None:
    plan = draft(catalog, recipe.name).plan()
    assert plan.recipe == recipe.name
    for section in TABLES:
        said = {k: v for k, v in recipe.tables[section].items() if k != "name"}
        assert plan.configs[section] | said == plan.configs[section]


@every_recipe
def test_a_recipe_puts_together_what_fits(catalog: Catalog, recipe: Recipe) -> None:
    plan = draft(catalog, recipe.name).plan()
    dataset, batch = first_batch(catalog, plan)
    output = make_model(catalog, plan, dataset.signature)(batch)
    loss = make_trainer(catalog, plan, dataset.signature).loss(output, batch)
    assert loss.item() > 0


def first_batch(catalog: Catalog, plan: Plan) -> tuple[AbstractDataset, Batch]:
    """The plan's dataset and a batch of it; a random one where the data must be downloaded."""
    size = plan.configs["trainer"]["batch_size"]
    spec = catalog.find(DatasetSpec, plan.name("dataset")).spec
    if "download" not in spec.tags:
        dataset = make_dataset(catalog, plan, None)
        return dataset, next(dataset.batches("train", size, plan.seed, epoch=1))
    dataset = make_dataset(catalog, plan, Vocabulary(tuple("abcdef")))
    shape = (size, plan.configs["dataset"].get("steps", 5))
    labels = shape if dataset.signature.per == "step" else shape[:1]
    classes = dataset.signature.classes
    return dataset, Batch(torch.randint(6, shape), torch.randint(classes, labels))


@every_recipe
def test_a_recipe_says_what_it_is_for_and_how_long_it_takes(recipe: Recipe) -> None:
    assert recipe.summary.endswith(".")
    assert recipe.tables["note"].endswith(".")
    assert recipe.seconds is not None
    assert recipe.seconds > 0


@every_recipe
def test_a_published_figure_is_one_that_its_trainer_measures(
    catalog: Catalog, recipe: Recipe
) -> None:
    if recipe.published is None:
        return
    plan = draft(catalog, recipe.name).plan()
    dataset, _ = first_batch(catalog, plan)
    totals = Totals(loss=1.0, correct=1, targets=1)
    assert recipe.published.split in dataset.splits
    trainer = make_trainer(catalog, plan, dataset.signature)
    assert recipe.published.metric in trainer.metrics(totals)


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
