"""The recipe files beside a plugin's module, listed without being read."""

from __future__ import annotations

import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple, final

from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import Plugin


@final
class RecipeFile(NamedTuple):
    """One file ``recipes/<model>.<tag>.toml``.

    Args:
        name: ``model.tag``.
        plugin: The plugin that has the file.
        path: Where it lies.
    """

    name: str
    plugin: Plugin
    path: Traversable


def recipe_files(catalog: Catalog) -> list[RecipeFile]:
    """Returns the recipe files of every working plugin, sorted by name."""
    found = []
    for plugin in catalog.plugins:
        is_package = hasattr(sys.modules.get(plugin.module), "__path__")
        package = plugin.module if is_package else plugin.module.rpartition(".")[0]
        if not package:  # a plugin that is a single module has no folder for recipes
            continue
        folder = files(package) / "recipes"
        if folder.is_dir():
            found += [
                RecipeFile(path.name.removesuffix(".toml"), plugin, path)
                for path in folder.iterdir()
                if path.name.endswith(".toml")
            ]
    return sorted(found, key=lambda file: (file.name, file.plugin))
