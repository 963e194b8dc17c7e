"""The conformance suite: every part of a plugin with the checks that apply to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo_core.errors import NotFoundError, suggest
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.recipe_files import recipe_files
from zoo_core.plugins.specs import DatasetSpec, KernelSpec, LoggerSpec, ModelSpec, TrainerSpec
from zoo_core.testing.cases.fresh_process import FreshProcess
from zoo_core.testing.cases.plugin_case import PluginCase
from zoo_core.testing.check import Check
from zoo_core.testing.checked_part import Cases, CheckedPart
from zoo_core.testing.checks import plugins, specs
from zoo_core.testing.checks.specs import SpecCase

Groups = list[tuple[tuple[Check, ...], Cases]]


def every_check() -> dict[str, tuple[Check, ...]]:
    """Returns every check by the kind of part that it checks."""
    from zoo_core.testing.checks import (
        datasets,
        kernels,
        loggers,
        objective,
        recipes,
        training_runs,
    )
    from zoo_core.testing.checks.models import CHECKS, PLAIN, SLOW

    return {
        "plugins": plugins.CHECKS,
        "specs and configs": specs.CHECKS + specs.CONFIG_CHECKS,
        "recipes": recipes.CHECKS,
        "models": CHECKS + PLAIN + SLOW,
        "datasets": datasets.CHECKS,
        "trainers": objective.CHECKS + training_runs.CHECKS,
        "kernels": kernels.CHECKS + kernels.PLAIN + kernels.CELLS + kernels.SPEED,
        "loggers": loggers.CHECKS,
    }


def find_plugin(catalog: Catalog, name: str) -> Plugin:
    """Finds an installed plugin, working or broken.

    Args:
        catalog: The installed plugins.
        name: The name of a plugin or of its distribution.

    Returns:
        The plugin.

    Raises:
        NotFoundError: No installed plugin has the name.
    """
    known = [*catalog.plugins, *(broken.plugin for broken in catalog.broken)]
    for plugin in known:
        if name and plugin.is_meant_by(name):
            return plugin
    hint = suggest(name, [plugin.name for plugin in known]) or "try: zoo plugins"
    raise NotFoundError(f"no plugin {name!r}; {hint}")


def checked_parts(
    catalog: Catalog, plugin: Plugin, fresh_process: FreshProcess | None = None
) -> Iterator[CheckedPart]:
    """Lists the parts of a plugin: the plugin as a whole, its specs and its recipes.

    Args:
        catalog: The installed plugins.
        plugin: The plugin to check; a broken one has no parts but the whole.
        fresh_process: A process that several plugins share; None for one of this plugin alone.

    Yields:
        Each part with its checks.
    """
    yield CheckedPart(
        f"plugin {plugin.name}", [(plugins.CHECKS, lambda: [PluginCase(plugin, catalog)])]
    )
    fresh_process = fresh_process or FreshProcess((plugin,))
    for entry in catalog.entries:
        if entry.plugin == plugin:
            name = f"{entry.spec.noun} {entry.spec.name}"
            yield CheckedPart(name, _spec_groups(catalog, entry, fresh_process))
    for file in recipe_files(catalog):
        if file.plugin == plugin:
            yield _recipe_part(catalog, plugin, file.name)


def _recipe_part(catalog: Catalog, plugin: Plugin, name: str) -> CheckedPart:
    from zoo_core.testing.checks import recipes

    return CheckedPart(
        f"recipe {name}",
        [(recipes.CHECKS, lambda: [recipes.RecipeCase(catalog, plugin, name)])],
    )


def _spec_groups(catalog: Catalog, entry: CatalogEntry[Any], fresh_process: FreshProcess) -> Groups:
    spec = entry.spec
    groups: Groups = [(specs.CHECKS, lambda: [SpecCase(spec)])]
    if isinstance(spec, ModelSpec | DatasetSpec | TrainerSpec):
        groups.append((specs.CONFIG_CHECKS, lambda: [SpecCase(spec)]))
    match spec:
        case ModelSpec():
            groups += _model_groups(spec)
        case DatasetSpec():
            groups += _dataset_groups(spec, fresh_process)
        case TrainerSpec():
            groups += _trainer_groups(catalog, entry)
        case KernelSpec():
            groups += _kernel_groups(catalog, spec)
        case LoggerSpec():
            groups += _logger_groups(spec)
    return groups


def _model_groups(spec: ModelSpec) -> Groups:
    from zoo_core.testing.cases.model_cases import model_cases, plain_cases
    from zoo_core.testing.checks.models import CHECKS, PLAIN, SLOW

    return [(CHECKS, lambda: model_cases(spec)), (PLAIN + SLOW, lambda: plain_cases(spec))]


def _dataset_groups(spec: DatasetSpec, fresh_process: FreshProcess) -> Groups:
    from zoo_core.testing.cases.dataset_case import DatasetCase
    from zoo_core.testing.checks import datasets

    return [(datasets.CHECKS, lambda: [DatasetCase(spec, fresh_process)])]


def _trainer_groups(catalog: Catalog, entry: CatalogEntry[TrainerSpec]) -> Groups:
    from zoo_core.testing.cases.trainer_case import first_accepted, trainer_cases
    from zoo_core.testing.checks import objective, training_runs

    return [
        (objective.CHECKS, lambda: trainer_cases(catalog, entry)),
        (training_runs.CHECKS, lambda: first_accepted(trainer_cases(catalog, entry))),
    ]


def _logger_groups(spec: LoggerSpec) -> Groups:
    from zoo_core.testing.checks import loggers

    return [(loggers.CHECKS, lambda: [loggers.LoggerCase(spec)])]


def _kernel_groups(catalog: Catalog, spec: KernelSpec) -> Groups:
    from zoo_core.testing.checks import kernels

    return [
        (kernels.CHECKS, lambda: kernels.kernel_cases(catalog, spec)),
        (kernels.PLAIN, lambda: kernels.plain_kernel_cases(catalog, spec)),
        (kernels.CELLS, lambda: kernels.cell_cases(catalog, spec)),
        (kernels.SPEED, lambda: kernels.speed_cases(catalog, spec)),
    ]
