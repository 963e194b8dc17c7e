"""How runs differ from their recipes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING
from typing import Any, NamedTuple, final

from zoo_core.configs.settings import Setting, as_typed, plain_value
from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import SECTIONS, RunConfig


@final
class _Defaults(NamedTuple):
    """What a run has if nothing but its recipe and its parts is typed.

    Args:
        parts: The names of the recipe's model, dataset and trainer, by section.
        values: The settings by section and key.
        seed: The seed.
    """

    parts: dict[str, str]
    values: dict[str, dict[str, object]]
    seed: int


def differences_from_recipes(catalog: Catalog, run_configs: Iterable[RunConfig]) -> list[list[str]]:
    """Returns what each run config sets otherwise than its recipe, such as ``trainer.epochs = 3``.

    A run without a recipe is compared with the defaults of its parts. One whose plugins are not
    installed has no differences.
    """
    known: dict[tuple[str, ...], _Defaults | None] = {}
    differences = []
    for run_config in run_configs:
        key = (run_config.recipe, *(run_config.name(section) for section in SECTIONS))
        if key not in known:
            known[key] = _find_defaults(catalog, run_config)
        defaults = known[key]
        differences.append(_differences(run_config, defaults) if defaults else [])
    return differences


def _find_defaults(catalog: Catalog, run_config: RunConfig) -> _Defaults | None:
    name = run_config.recipe or run_config.name("model")
    dataset, trainer = run_config.name("dataset"), run_config.name("trainer")
    try:
        resolved = resolve_run(catalog, name, dataset=dataset, trainer=trainer)
    except ZooError:
        return None
    parts = {section: entry.spec.name for section, entry in resolved.entries.items()}
    try:
        recipe = resolve_run(catalog, name)
        parts = {section: entry.spec.name for section, entry in recipe.entries.items()}
    except ZooError:  # a model without a default recipe
        pass
    values = {
        section: {setting.key: default_value(setting) for setting in resolved.settings(section)}
        for section in SECTIONS
    }
    return _Defaults(parts, values, resolved.seed)


def default_value(setting: Setting) -> Any:
    """Returns a setting's default as a run config holds it."""
    if setting.default is MISSING:
        return MISSING
    return plain_value(setting.check(setting.default))


def _differences(run_config: RunConfig, defaults: _Defaults) -> list[str]:
    differences = [
        f"{section} = {getattr(run_config, section)}"
        for section in SECTIONS
        if getattr(run_config, section) != defaults.parts[section]
    ]
    for section in SECTIONS:
        values = run_config.configs[section]
        differences += [
            f"{section}.{key} = {as_typed(values[key])}"
            for key, default in defaults.values[section].items()
            if key in values and values[key] != default
        ]
    if run_config.seed != defaults.seed:
        differences.append(f"seed = {run_config.seed}")
    return differences
