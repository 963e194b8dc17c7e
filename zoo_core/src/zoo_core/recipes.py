"""Recipes: named TOML files beside a plugin's ``plugin.py`` that say how a model is trained.

``recipes/<model>.<tag>.toml`` holds ``seed``, ``summary``, ``note``, ``seconds`` (about how long
it takes on two cores), the tables ``[model]``,
``[dataset]`` and ``[trainer]`` and, where a figure was published, ``[published]``.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple, final

from zoo_core.catalog import Catalog, refuse_clash
from zoo_core.discovery import Plugin
from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.nearest import nearest
from zoo_core.references import Named

TABLES = ("model", "dataset", "trainer")
KEYS = {
    "seed": int,
    "seconds": int,
    "summary": str,
    "note": str,
    "published": dict,
} | dict.fromkeys(TABLES, dict)


@final
class Recipe(NamedTuple):
    """How a model is trained, and what that was published to reach.

    Args:
        name: ``model.tag``.
        plugin: Who brought it; it need not be the plugin that brought the model.
        tables: The file's content.
    """

    name: str
    plugin: Plugin
    tables: dict[str, Any]

    @property
    def summary(self) -> str:
        """One line, for lists."""
        return str(self.tables.get("summary", ""))


def list_recipes(catalog: Catalog) -> list[Recipe]:
    """Every recipe of every working plugin, sorted by name.

    Raises:
        ConfigError: A recipe is not well-formed.
    """
    found = [Recipe(name, plugin, _read(file, name)) for name, plugin, file in _files(catalog)]
    return sorted(found, key=lambda recipe: (recipe.name, recipe.plugin))


def find_recipe(catalog: Catalog, reference: Named) -> Recipe:
    """The recipe that ``model.tag`` or ``plugin:model.tag`` names.

    Raises:
        AmbiguousError: Two plugins bring it.
        ConfigError: It is not well-formed.
        NotFoundError: There is none.
    """
    wanted = f"{reference.name}.{reference.tag}"
    known = _files(catalog)
    found = [
        (plugin, file)
        for name, plugin, file in known
        if name == wanted and reference.owner in ("", plugin.name, plugin.distribution)
    ]
    if not found:
        hint = nearest(wanted, [name for name, _, _ in known]) or "try: zoo list recipes"
        raise NotFoundError(f"no recipe {wanted!r}; {hint}")
    if len(found) > 1:
        refuse_clash("recipe", wanted, [plugin for plugin, _ in found])
    return Recipe(wanted, found[0][0], _read(found[0][1], wanted))


def parse_recipe(text: str, name: str) -> dict[str, Any]:
    """The tables of a recipe's text.

    Raises:
        ConfigError: It is no TOML, or holds an unknown key or one of the wrong type.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number with too many digits
        raise ConfigError(f"{name}: not valid TOML: {error}") from None
    for key, value in tables.items():
        if key not in KEYS:
            hint = nearest(key, KEYS) or f"a recipe has: {', '.join(KEYS)}"
            raise ConfigError(f"{name}: {key}: no such key; {hint}")
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise ConfigError(f"{name}: {key} = {value!r:.80}: wanted {KEYS[key].__name__}")
    for table in TABLES:
        chosen = tables.get(table, {}).get("name", "")
        if not isinstance(chosen, str):
            raise ConfigError(f"{name}: {table}.name = {chosen!r:.80}: wanted text")
    return tables


def _files(catalog: Catalog) -> list[tuple[str, Plugin, Traversable]]:
    found = []
    for plugin in catalog.plugins:
        package = plugin.module.rpartition(".")[0]  # a plugin of one module has no such folder
        folder = files(package) / "recipes" if package else None
        if folder is not None and folder.is_dir():
            every = [file for file in folder.iterdir() if file.name.endswith(".toml")]
            found += [(file.name.removesuffix(".toml"), plugin, file) for file in every]
    return found


def _read(file: Traversable, name: str) -> dict[str, Any]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: not readable: {error}") from None
    return parse_recipe(text, name)
