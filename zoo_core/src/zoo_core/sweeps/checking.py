"""Checking a question: every value is allowed, of its setting's type, and every path whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo_core.configs.settings import Setting, build_config, plain_value, settings_of, values_of
from zoo_core.errors import ConfigError, suggest
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.recipes.resolve import SPECS
from zoo_core.run_folder.local_paths import find_local_paths, with_absolute_paths
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.ranges import parse_range


def check_question(catalog: Catalog, question: Question) -> Question:
    """Returns a question whose values are checked, in the form in which run configs hold them.

    Args:
        catalog: The installed plugins.
        question: The question.

    Raises:
        ConfigError: A setting is unknown or a value not allowed, or there are too many runs.
        NotFoundError: A model, dataset or trainer is not installed.
    """
    configs = config_classes(catalog, question.base)
    base = check_run_config(configs, question.base)
    settings = {
        f"{section}.{key}": setting._replace(label=f"{section}.{key}")
        for section, cls in configs.items()
        for key, setting in settings_of(cls).items()
    }
    grids = tuple(_check_grid(grid, settings) for grid in question.grids)
    checked = replace(question, base=base, grids=grids)
    for run in checked.runs(0):
        check_run_config(configs, run.run_config)
    return checked


def config_classes(catalog: Catalog, run_config: RunConfig) -> dict[str, type]:
    """Returns the config class of each section of a run config.

    Raises:
        NotFoundError: A model, dataset or trainer is not installed.
    """
    classes: dict[str, type] = {}
    for section, kind in SPECS.items():
        spec: Any = catalog.find(kind, run_config.name(section)).spec
        classes[section] = resolve(spec.config)
    return classes


def check_run_config(configs: Mapping[str, type], run_config: RunConfig) -> RunConfig:
    """Returns a run config with checked settings, whole paths, and defaults for what it lacks.

    Args:
        configs: The config class of each section.
        run_config: The run config.

    Raises:
        ConfigError: A setting is unknown, missing or not allowed.
    """
    checked = {}
    for section, cls in configs.items():
        config: object = build_config(cls, section, run_config.configs[section])
        checked[section] = values_of(config)
    run_config = replace(run_config, configs=checked)
    paths = {
        section: [
            key
            for key, setting in settings_of(cls).items()
            if _is_path(setting, checked[section][key])
        ]
        for section, cls in configs.items()
    }
    return with_absolute_paths(run_config, find_local_paths(run_config, paths))


def _check_grid(grid: Grid, settings: Mapping[str, Setting]) -> Grid:
    grid.check_size()
    for key in grid.keys:
        if key not in settings:
            hint = suggest(key, settings) or "write section.key, such as model.hidden_size"
            raise ConfigError(f"{key}: no such setting; {hint}")
    for key, text in grid.ranges.items():
        check_range(settings[key], text)
    values: dict[str, tuple[Any, ...]] = {}
    for key, entries in grid.values.items():
        checked: list[Any] = []
        for entry in entries:
            value = _check_value(settings[key], entry)
            if value not in checked:
                checked.append(value)
        values[key] = tuple(checked)
    return replace(grid, values=values)


def check_range(setting: Setting, text: str) -> None:
    """Checks that a setting takes the bounds of a range.

    Raises:
        ConfigError: It does not, or the range is not well-formed.
    """
    bounds = parse_range(text, setting.label)
    if setting.type not in (int, float):
        raise ConfigError(f"{setting.label} = {text!r:.80}: only numbers have ranges")
    for bound in (bounds.low, bounds.high):
        setting.check(round(bound) if setting.type is int or bounds.kind == "int" else bound)


def _check_value(setting: Setting, value: Any) -> Any:
    checked = plain_value(setting.check(plain_value(value)))
    if not _is_path(setting, checked):
        return checked
    if isinstance(checked, list):
        return [str(Path(path).absolute()) for path in checked]
    return str(Path(checked).absolute())


def _is_path(setting: Setting, value: Any) -> bool:
    return value is not None and setting.is_path(value)
