"""Checks of recipes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from zoo_core.configs.settings import NONE
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.downloads.download import no_downloads
from zoo_core.errors import DataError, NetworkError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.recipes.recipe import Recipe, find_recipe
from zoo_core.recipes.resolve import resolve_run
from zoo_core.references import Named
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_core.runtime.building.build import (
    make_dataset,
    make_model,
    make_trainer,
    training_signature,
)
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Batch
from zoo_core.testing.cases.model_case import random_batch
from zoo_core.testing.check import DoesNotApply, Violation, check


@final
@dataclass(frozen=True)
class RecipeCase:
    """A recipe of a plugin.

    Args:
        catalog: The installed plugins.
        plugin: The plugin that brings the recipe.
        name: ``model.tag``.
    """

    catalog: Catalog
    plugin: Plugin
    name: str

    def label(self) -> str:
        """Returns the file's name."""
        return f"recipes/{self.name}.toml"

    def smaller(self) -> tuple[RecipeCase, ...]:
        """Returns nothing: a recipe has no smaller variant."""
        return ()

    @property
    def recipe(self) -> Recipe:
        """The parsed file."""
        model, _, tag = self.name.partition(".")
        return find_recipe(self.catalog, Named(self.plugin.name, model, tag))

    def run_config(self) -> RunConfig:
        """Returns the run config that the recipe resolves to."""
        return resolve_run(self.catalog, f"{self.plugin.name}:{self.name}").run_config()


@check("Name an installed model, dataset and trainer, and settings that they have.")
def recipe_plan(case: RecipeCase) -> Violation | None:
    """A recipe resolves to a run config with its settings."""
    tables = case.recipe.tables
    run_config = case.run_config()
    for section in SECTIONS:
        config = run_config.configs[section]
        for key, value in tables.get(section, {}).items():
            is_unset = value == NONE and config.get(key) is None
            if key != "name" and config[key] != value and not is_unset:
                return Violation(f"{section}.{key} = {value!r}", f"{config[key]!r}")
    return None


@check(
    "Choose a dataset whose signature the model accepts and a trainer that accepts its labels.",
    needs=("recipe-plan",),
)
def recipe_fits(case: RecipeCase) -> Violation | None:
    """The recipe's model accepts a batch of its data, and its trainer computes a loss."""
    run_config = case.run_config()
    dataset, batch = first_batch(case.catalog, run_config)
    data = training_signature(case.catalog, run_config, dataset)
    trainer = make_trainer(case.catalog, run_config, data)
    signature = trainer.model_signature(data)
    output = make_model(case.catalog, run_config, signature)(batch)
    loss = trainer.loss(output, batch).item()
    return None if loss > 0 else Violation("a loss above zero before training", f"{loss:g}")


@check(
    "Write summary and note as sentences, seconds as measured on two cores, and under [published] "
    "a metric of the trainer and a split of the dataset.",
    needs=("recipe-plan",),
)
def recipe_told(case: RecipeCase) -> Violation | None:
    """A recipe describes itself in sentences and names a published figure that a run measures."""
    recipe = case.recipe
    texts = {"summary": recipe.summary, "note": recipe.tables.get("note", ".")}
    for key, text in texts.items():
        if not text.endswith("."):
            return Violation(f"{key} is a sentence", repr(text))
    if recipe.seconds is not None and recipe.seconds < 1:
        return Violation("seconds is a measured time", f"{recipe.seconds}")
    if recipe.published is None:
        return None
    run_config = case.run_config()
    dataset, _ = first_batch(case.catalog, run_config)
    signature = training_signature(case.catalog, run_config, dataset)
    trainer = make_trainer(case.catalog, run_config, signature)
    metrics = (*trainer.objective.directions, *dataset.further_metric_names)
    for key, known in {"metric": metrics, "split": dataset.splits}.items():
        if (name := getattr(recipe.published, key)) not in known:
            return Violation(f"published.{key} is one of {', '.join(known)}", repr(name))
    return None


def first_batch(catalog: Catalog, run_config: RunConfig) -> tuple[AbstractDataset, Batch]:
    """Returns the dataset of a run config and its first batch.

    The batch is random if the data must be downloaded first, and of the sample that the dataset
    brings if the data must be given.

    Args:
        catalog: The installed plugins.
        run_config: Names the dataset, its settings and the batch size.

    Raises:
        DataError: The data is not there, and the dataset brings no sample of it.
        DoesNotApply: The data must be downloaded first, and decides the signature.
    """
    size = run_config.configs["trainer"]["batch_size"]
    try:
        with no_downloads():
            dataset = make_dataset(catalog, run_config, None)
            return dataset, next(dataset.batches("train", size, run_config.seed, epoch=1))
    except DataError:
        sample = _with_sample(catalog, run_config)
        if sample == run_config:
            raise
        return first_batch(catalog, sample)
    except NetworkError:
        dataset = make_dataset(catalog, run_config, Vocabulary(tuple("abcdef")))
    steps = run_config.configs["dataset"].get("steps", 5)
    try:
        with no_downloads():
            return dataset, random_batch(dataset.signature, size, steps)
    except NetworkError as error:
        raise DoesNotApply(f"{error}, and it decides the signature") from None


def _with_sample(catalog: Catalog, run_config: RunConfig) -> RunConfig:
    """Returns a run config with the sample that its dataset brings, or as it is without one."""
    spec = catalog.find(DatasetSpec, run_config.name("dataset")).spec
    if not spec.sample_settings:
        return run_config
    settings = run_config.configs["dataset"] | resolve(spec.sample_settings)()
    return replace(run_config, configs=run_config.configs | {"dataset": settings})


CHECKS = (recipe_plan, recipe_fits, recipe_told)
