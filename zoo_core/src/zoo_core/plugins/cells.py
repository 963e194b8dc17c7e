"""Cells by name: the cell of any installed model, with settings of its own, for another model.

A plugin need not declare its cells. The cell of a model is that of its recurrent layer, and its
settings are those of the model that do not describe the layers around the cell.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from functools import lru_cache
from pathlib import Path
from typing import Any

from zoo_core.configs.declare import config, setting
from zoo_core.configs.layers import AbstractEmbeddedRecurrentConfig
from zoo_core.configs.settings import Setting, as_typed, build_config, settings_of
from zoo_core.errors import ConfigError, NotFoundError, suggest
from zoo_core.plugins.catalog import Catalog, CatalogEntry, check_unique, load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec

WIDTH = "hidden_size"
"""The setting of a model that is the width of its cell's state."""
BIAS = "bias"
"""The one setting of recurrent layers that is their cell's."""


@config
class AbstractNamedCellConfig(ABC):
    """The settings of a model that takes the cell of any other by its name.

    Args:
        cell_settings: All settings of the cell, also those that are not given, once the config is
            made; None if it has none.
    """

    cell: str = setting(
        default="gru",
        help="Cell: the name of any recurrent model of `zoo list`, or of its cell.",
    )
    cell_settings: tuple[str, ...] | None = setting(
        default=None,
        help="Settings of the cell that differ from its model's defaults, such as max_radius=0.9.",
    )

    @abstractmethod
    def cell_width(self) -> int:
        """Returns the width of the cell's state."""

    def __post_init__(self) -> None:
        """Completes the settings of the cell.

        Raises:
            ConfigError: No installed model has such a cell, the cell has no such setting, or a
                value is not allowed.
        """
        settings = complete_settings(self.cell, self.cell_settings or (), self.cell_width())
        object.__setattr__(self, "cell_settings", settings or None)


def find_cell(name: str) -> CatalogEntry[ModelSpec]:
    """Returns the model that a cell is taken from.

    Args:
        name: The name of the model, or of its cell as the spec gives it; ``plugin:name`` chooses
            between plugins.

    Raises:
        AmbiguousError: Two plugins have the name.
        NotFoundError: No plugin has it.
    """
    catalog = _installed_catalog()
    owner, _, short = name.rpartition(":")
    if not catalog.named(ModelSpec, short):
        found = [
            entry
            for entry in catalog.of(ModelSpec)
            if entry.spec.cell == short and entry.plugin.is_meant_by(owner)
        ]
        if found:
            check_unique("cell", name, [entry.plugin for entry in found])
            return found[0]
    return catalog.find(ModelSpec, name)


def own_settings(spec: ModelSpec) -> dict[str, Setting]:
    """Returns the settings of a model that are its cell's, without the width of the state."""
    layers = settings_of(AbstractEmbeddedRecurrentConfig).keys() - {BIAS}
    settings = settings_of(resolve(spec.config))
    return {key: setting for key, setting in settings.items() if key not in layers}


def complete_settings(name: str, texts: Iterable[str], width: int) -> tuple[str, ...]:
    """Returns all settings of a cell as texts, those that are not given at their defaults.

    A run that keeps them does not change with a later default.

    Args:
        name: The name of the cell, as ``find_cell`` takes it.
        texts: The given ones: ``max_radius=0.9``.
        width: The width of the cell's state, if the model has a setting for it.

    Raises:
        ConfigError: There is no such cell, it has no such setting, or a value is not allowed, such
            as a number of heads that does not divide the width.
    """
    try:
        spec = find_cell(name).spec
    except NotFoundError as error:
        raise ConfigError(f"model.cell = {name!r}: {error}") from None
    known = own_settings(spec)
    values = {
        key: setting.default for key, setting in known.items() if setting.default is not MISSING
    }
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip().replace("-", "_")
        label = f"model.cell_settings = {text!r:.80}"
        if not equals:
            raise ConfigError(f"{label}: expected SETTING=VALUE")
        if key not in known:
            hint = suggest(key, known) or f"it has: {', '.join(known) or 'none'}"
            raise ConfigError(f"{label}: the cell {name} has no setting {key}; {hint}")
        setting = known[key]._replace(label=f"model.cell_settings: {key}")
        values[key] = setting.parse(value.strip())
    try:
        _build(spec, values, width)  # rules over several settings
    except ConfigError as error:
        raise ConfigError(f"model.cell = {name!r}, of width {width}: {error}") from None
    return tuple(f"{key}={as_typed(value)}" for key, value in values.items())


def cell_config(spec: ModelSpec, texts: Iterable[str], width: int) -> Any:
    """Returns the config of the model that a cell is taken from.

    Args:
        spec: The spec of the model.
        texts: The settings of the cell, as ``complete_settings`` returns them.
        width: The width of the cell's state, if the model has a setting for it.

    Raises:
        ConfigError: A value is not allowed.
    """
    known = own_settings(spec)
    pairs = (text.partition("=") for text in texts)
    values = {key: known[key].parse(value) for key, _, value in pairs if key in known}
    return _build(spec, values, width)


def _build(spec: ModelSpec, values: Mapping[str, object], width: int) -> Any:
    """Returns the config of a model with the settings of its cell, the width included."""
    config = resolve(spec.config)
    sizes = {WIDTH: width} if WIDTH in settings_of(config) else {}
    return build_config(config, "model.cell_settings", {**values, **sizes})


def _installed_catalog() -> Catalog:
    """Returns the catalog of the installed plugins, which is loaded anew if they may have changed.

    A config looks a cell up each time that it is made.
    """
    folders = ((path, Path(path)) for path in sys.path)
    times = tuple((path, folder.stat().st_mtime_ns) for path, folder in folders if folder.is_dir())
    return _catalog_of(times, os.environ.get("ZOO_PLUGINS"))


@lru_cache(maxsize=2)
def _catalog_of(times: tuple[tuple[str, int], ...], chosen: str | None) -> Catalog:
    return load_catalog()
