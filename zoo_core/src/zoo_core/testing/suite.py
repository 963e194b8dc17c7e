"""The battery: every part of a plugin, with the checks that it is put to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo_core.errors import NotFoundError, suggest
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.recipe_files import recipe_files
from zoo_core.plugins.specs import DatasetSpec, KernelSpec, ModelSpec, TrainerSpec
from zoo_core.testing import plugins, specs
from zoo_core.testing.check import Check
from zoo_core.testing.checked_part import Cases, CheckedPart
from zoo_core.testing.fresh_process import FreshProcess
from zoo_core.testing.plugin_case import PluginCase
from zoo_core.testing.specs import SpecCase

Groups = list[tuple[tuple[Check, ...], Cases]]


def every_check() -> dict[str, tuple[Check, ...]]:
    """Every check by what it is of."""
    from zoo_core.testing import datasets, kernels, objective, recipes, training_runs
    from zoo_core.testing.models import CHECKS, SLOW

    return {
        "plugins": plugins.CHECKS,
        "specs and configs": specs.CHECKS + specs.CONFIG_CHECKS,
        "recipes": recipes.CHECKS,
        "models": CHECKS + SLOW,
        "datasets": datasets.CHECKS,
        "trainers": objective.CHECKS + training_runs.CHECKS,
        "kernels": kernels.CHECKS,
    }


def find_plugin(catalog: Catalog, name: str) -> Plugin:
    """The installed plugin, working or not, that a plugin's or distribution's name means.

    Raises:
        NotFoundError: There is none.
    """
    known = [*catalog.plugins, *(each.plugin for each in catalog.broken)]
    for each in known:
        if name and each.is_meant_by(name):
            return each
    hint = suggest(name, [each.name for each in known]) or "try: zoo plugins"
    raise NotFoundError(f"no plugin {name!r}; {hint}")


def checked_parts(catalog: Catalog, plugin: Plugin) -> Iterator[CheckedPart]:
    """The plugin itself, its specs and its recipes; of a broken one, itself alone."""
    yield CheckedPart(
        f"plugin {plugin.name}", [(plugins.CHECKS, lambda: [PluginCase(plugin, catalog)])]
    )
    fresh_process = FreshProcess(plugin)
    for entry in catalog.entries:
        if entry.plugin == plugin:
            name = f"{entry.spec.noun} {entry.spec.name}"
            yield CheckedPart(name, _groups(catalog, entry, fresh_process))
    for file in recipe_files(catalog):
        if file.plugin == plugin:
            yield _of_recipe(catalog, plugin, file.name)


def _of_recipe(catalog: Catalog, plugin: Plugin, name: str) -> CheckedPart:
    from zoo_core.testing import recipes

    return CheckedPart(
        f"recipe {name}",
        [(recipes.CHECKS, lambda: [recipes.RecipeCase(catalog, plugin, name)])],
    )


def _groups(catalog: Catalog, entry: CatalogEntry[Any], fresh_process: FreshProcess) -> Groups:
    spec = entry.spec
    groups: Groups = [(specs.CHECKS, lambda: [SpecCase(spec)])]
    if hasattr(spec, "config"):
        groups.append((specs.CONFIG_CHECKS, lambda: [SpecCase(spec)]))
    match spec:
        case ModelSpec():
            groups += _of_model(spec)
        case DatasetSpec():
            groups += _of_dataset(spec, fresh_process)
        case TrainerSpec():
            groups += _of_trainer(catalog, entry)
        case KernelSpec():
            groups += _of_kernel(catalog, spec)
    return groups


def _of_kernel(catalog: Catalog, spec: KernelSpec) -> Groups:
    from zoo_core.testing import kernels

    return [(kernels.CHECKS, lambda: kernels.kernel_cases(catalog, spec))]


def _of_dataset(spec: DatasetSpec, fresh_process: FreshProcess) -> Groups:
    from zoo_core.testing import datasets
    from zoo_core.testing.dataset_case import DatasetCase

    return [(datasets.CHECKS, lambda: [DatasetCase(spec, fresh_process)])]


def _of_trainer(catalog: Catalog, entry: CatalogEntry[TrainerSpec]) -> Groups:
    from zoo_core.testing import objective, training_runs
    from zoo_core.testing.trainer_case import taken, trainer_cases

    return [
        (objective.CHECKS, lambda: trainer_cases(catalog, entry)),
        (training_runs.CHECKS, lambda: taken(trainer_cases(catalog, entry))),
    ]


def _of_model(spec: ModelSpec) -> Groups:
    from zoo_core.testing.model_cases import model_cases, plain_cases
    from zoo_core.testing.models import CHECKS, SLOW

    return [(CHECKS, lambda: model_cases(spec)), (SLOW, lambda: plain_cases(spec))]
