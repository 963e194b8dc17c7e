"""How a run differs from its recipe."""

from __future__ import annotations

from dataclasses import MISSING
from pathlib import Path

from zoo_core.configs.settings import Setting, as_typed
from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import SECTIONS, RunConfig


def differences_from_recipe(catalog: Catalog, run_config: RunConfig) -> list[str]:
    """Returns what a run config sets otherwise than its recipe, such as ``trainer.epochs = 3``.

    Without a recipe, it is compared with the defaults of its parts. A part of a plugin that is not
    installed is not compared.
    """
    name = run_config.recipe or run_config.name("model")
    try:
        recipe = resolve_run(catalog, name)
        differences = [
            f"{section} = {getattr(run_config, section)}"
            for section in SECTIONS
            if recipe.entries[section].spec.name != getattr(run_config, section)
        ]
    except ZooError:  # a model without a default recipe, or a plugin that is missing
        differences = []
    try:
        resolved = resolve_run(
            catalog,
            name,
            dataset=run_config.name("dataset"),
            trainer=run_config.name("trainer"),
        )
    except ZooError:
        return differences
    for section in SECTIONS:
        values = run_config.configs[section]
        differences += [
            f"{section}.{setting.key} = {as_typed(values[setting.key])}"
            for setting in resolved.settings(section)
            if setting.key in values and values[setting.key] != _default(setting)
        ]
    if run_config.seed != resolved.seed:
        differences.append(f"seed = {run_config.seed}")
    return differences


def _default(setting: Setting) -> object:
    """Returns a setting's default as a run config holds it."""
    if setting.default is MISSING:
        return MISSING
    value = setting.check(setting.default)
    return str(value) if isinstance(value, Path) else value
