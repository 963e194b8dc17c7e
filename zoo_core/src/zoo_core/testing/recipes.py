"""Checks of recipes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from zoo_core.data.vocabulary import Vocabulary
from zoo_core.downloads.download import no_downloads
from zoo_core.errors import NetworkError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.recipes.recipe import Recipe, find_recipe
from zoo_core.recipes.resolve import resolve_run
from zoo_core.references import Named
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.training.trainer import MetricSums
from zoo_core.testing.check import Violation, check
from zoo_core.testing.model_case import random_batch


@final
@dataclass(frozen=True)
class RecipeCase:
    """A recipe among what is installed.

    Args:
        catalog: What is installed.
        plugin: Who brings it.
        name: ``model.tag``.
    """

    catalog: Catalog
    plugin: Plugin
    name: str

    def label(self) -> str:
        """The file's name."""
        return f"recipes/{self.name}.toml"

    def smaller(self) -> tuple[RecipeCase, ...]:
        """None."""
        return ()

    @property
    def recipe(self) -> Recipe:
        """What the file says."""
        model, _, tag = self.name.partition(".")
        return find_recipe(self.catalog, Named(self.plugin.name, model, tag))

    def run_config(self) -> RunConfig:
        """What the recipe plans."""
        return resolve_run(self.catalog, f"{self.plugin.name}:{self.name}").run_config()


@check("Name a model, a dataset and a trainer that are installed, and settings that they have.")
def recipe_plan(case: RecipeCase) -> Violation | None:
    """A recipe makes a run config of what it says."""
    tables = case.recipe.tables
    run_config = case.run_config()
    for section in SECTIONS:
        for key, value in tables.get(section, {}).items():
            if key != "name" and run_config.configs[section][key] != value:
                return Violation(
                    f"{section}.{key} = {value!r}", f"{run_config.configs[section][key]!r}"
                )
    return None


@check(
    "Choose a dataset whose signature the model takes and a trainer for its labels.",
    needs=("recipe-plan",),
)
def recipe_fits(case: RecipeCase) -> Violation | None:
    """A recipe's model answers a batch of its data, and its trainer judges the answer."""
    run_config = case.run_config()
    dataset, batch = first_batch(case.catalog, run_config)
    output = make_model(case.catalog, run_config, dataset.signature)(batch)
    loss = make_trainer(case.catalog, run_config, dataset.signature).loss(output, batch).item()
    return None if loss > 0 else Violation("a loss above zero before training", f"{loss:g}")


@check(
    "Write summary, and note if there is one, as sentences, seconds as measured on two cores, and "
    "under [published] a metric and a split that trainer and dataset have.",
    needs=("recipe-plan",),
)
def recipe_told(case: RecipeCase) -> Violation | None:
    """A recipe says what it is for, and of what was published only what it can reach."""
    recipe = case.recipe
    for key, said in {"summary": recipe.summary, "note": recipe.tables.get("note", ".")}.items():
        if not said.endswith("."):
            return Violation(f"{key}: a sentence", repr(said))
    if recipe.seconds is not None and recipe.seconds < 1:
        return Violation("seconds: how long it takes", f"{recipe.seconds}")
    if recipe.published is None:
        return None
    run_config = case.run_config()
    dataset, _ = first_batch(case.catalog, run_config)
    trainer = make_trainer(case.catalog, run_config, dataset.signature)
    metrics = trainer.metrics(MetricSums(loss=1.0, correct=1, targets=1))
    known = {"metric": tuple(metrics), "split": dataset.splits}
    for key, words in known.items():
        if (said := getattr(recipe.published, key)) not in words:
            return Violation(f"published.{key} among {', '.join(words)}", repr(said))
    return None


def first_batch(catalog: Catalog, run_config: RunConfig) -> tuple[AbstractDataset, Batch]:
    """The run config's dataset and a batch of it, or a random one where the data is not at hand."""
    size = run_config.configs["trainer"]["batch_size"]
    try:
        with no_downloads():
            dataset = make_dataset(catalog, run_config, None)
            return dataset, next(dataset.batches("train", size, run_config.seed, epoch=1))
    except NetworkError:
        dataset = make_dataset(catalog, run_config, Vocabulary(tuple("abcdef")))
        steps = run_config.configs["dataset"].get("steps", 5)
        return dataset, random_batch(dataset.signature, size, steps)


CHECKS = (recipe_plan, recipe_fits, recipe_told)
