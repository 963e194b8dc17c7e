"""The recipe of a model whose data is nearest to that of a run without a recipe."""

from __future__ import annotations

import logging
from typing import Any

from zoo_core.configs.settings import plain_value, settings_of
from zoo_core.errors import NotFoundError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.recipes.recipe import Recipe, choose_recipes
from zoo_core.recipes.resolve import ResolvedRun
from zoo_core.run_folder.run_config import RunConfig

WHERE_IT_IS = {"offline", "download"}
"""Tags that say nothing about what the data is."""

logger = logging.getLogger(__name__)


def report_defaults(catalog: Catalog, resolved: ResolvedRun, run_config: RunConfig) -> None:
    """Logs one line if a run takes the defaults of its model and trainer.

    The line names the recipe that has tuned settings for such data, if there is one.
    """
    if not resolved.uses_defaults:
        return
    model, trainer = run_config.model, run_config.trainer
    message = f"{model} on {run_config.dataset} takes default settings and the trainer {trainer}"
    if name := nearest_recipe(catalog, run_config):
        logger.info("%s; the recipe %s has tuned ones", message, name)
    else:
        logger.info("%s; no recipe of %s has tuned ones", message, model)


def nearest_recipe(catalog: Catalog, run_config: RunConfig) -> str:
    """Returns the name of the model's recipe that is nearest to a run; empty if none is near.

    It has the same trainer. A recipe on the same dataset is nearer than others, then one on data
    with the same tags and the fewest others, such as ``toy``; of several, the one whose dataset
    has the most settings in common with the run's.
    """
    try:
        recipes = choose_recipes(catalog, [run_config.model])
    except NotFoundError:
        return ""
    near = [recipe for recipe in recipes if _trainer(catalog, recipe) == run_config.trainer]
    near.sort(
        key=lambda recipe: (
            *_tag_distance(catalog, recipe, run_config),
            -_similarity(catalog, recipe, run_config),
            recipe.name,
        )
    )
    return near[0].name if near else ""


def _trainer(catalog: Catalog, recipe: Recipe) -> str:
    """Returns the short name of a recipe's trainer; empty if its dataset is not installed."""
    name = recipe.tables.get("trainer", {}).get("name", "")
    if not name:
        dataset = recipe.tables.get("dataset", {}).get("name", "")
        try:
            name = catalog.find(DatasetSpec, dataset).spec.default_trainer
        except NotFoundError:
            return ""
    return _short(name)


def _tag_distance(catalog: Catalog, recipe: Recipe, run_config: RunConfig) -> tuple[float, float]:
    """Returns minus the number of words that describe the data of both, and of the recipe's alone.

    The same dataset is nearer than any other.
    """
    name = str(recipe.tables.get("dataset", {}).get("name", ""))
    if _short(name) == run_config.dataset:
        return -float("inf"), 0.0
    try:
        tags = set(catalog.find(DatasetSpec, name).spec.tags) - WHERE_IT_IS
        other = catalog.find(DatasetSpec, run_config.name("dataset")).spec.tags
    except NotFoundError:
        return 0.0, 0.0
    return -float(len(tags.intersection(other))), float(len(tags.difference(other)))


def _similarity(catalog: Catalog, recipe: Recipe, run_config: RunConfig) -> int:
    """Returns how many settings of a recipe's dataset, defaults too, have the value of the run's.

    It is 0 if the dataset is not installed, or its settings cannot be imported.
    """
    table: dict[str, Any] = dict(recipe.tables.get("dataset", {}))
    try:
        spec = catalog.find(DatasetSpec, table.pop("name", "")).spec
        settings = settings_of(resolve(spec.config))
    except ZooError:
        return 0
    values = {key: plain_value(setting.default) for key, setting in settings.items()} | table
    chosen = run_config.configs["dataset"]
    return sum(key in chosen and chosen[key] == value for key, value in values.items())


def _short(name: str) -> str:
    return name.rpartition(":")[2]
