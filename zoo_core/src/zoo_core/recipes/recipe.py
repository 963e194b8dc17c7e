"""Recipes: named TOML files beside a plugin's ``plugin.py`` that say how a model is trained.

``recipes/<model>.<tag>.toml`` holds ``seed``, ``summary``, ``note``, ``seconds`` (about how long
it takes on two cores), the tables ``[model]``, ``[dataset]`` and ``[trainer]`` and, where a figure
was published, ``[published]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple, final

from zoo_core.configs.settings import NONE
from zoo_core.errors import ConfigError, NotFoundError, suggest
from zoo_core.plugins.catalog import Catalog, check_unique
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.published import Published, parse_published
from zoo_core.references import Named
from zoo_core.run_folder.run_config import RunConfig

TABLES = ("model", "dataset", "trainer")
KEYS = {
    "seed": int,
    "seconds": int,
    "summary": str,
    "note": str,
    "published": dict,
} | dict.fromkeys(TABLES, dict)
Tell = Callable[[str], None]


@final
class _File(NamedTuple):
    """A recipe that was not read yet."""

    name: str
    plugin: Plugin
    file: Traversable


@final
class Recipe(NamedTuple):
    """How a model is trained, and what that was published to reach.

    Args:
        name: ``model.tag``.
        plugin: Who brought it; it need not be the plugin that brought the model.
        tables: The file's content.
        published: The figure that it must reach, if one was published.
    """

    name: str
    plugin: Plugin
    tables: dict[str, Any]
    published: Published | None = None

    @property
    def seconds(self) -> int | None:
        """About how long it takes on two cores, if the file says so."""
        seconds: int | None = self.tables.get("seconds")
        return seconds

    @property
    def summary(self) -> str:
        """One line, for lists."""
        return str(self.tables.get("summary", ""))


def list_recipes(catalog: Catalog, tell: Tell | None = None) -> list[Recipe]:
    """Every recipe of every working plugin, sorted by name.

    Args:
        catalog: What is installed.
        tell: Told of each recipe that is not well-formed, which is then left out.

    Raises:
        ConfigError: A recipe is not well-formed, and there is nobody to tell.
    """
    return list(_readable(_files(catalog), tell))


def recipe_names(catalog: Catalog) -> list[tuple[Plugin, str]]:
    """The recipes of every working plugin, unread: who brings them, and ``model.tag``."""
    return sorted((each.plugin, each.name) for each in _files(catalog))


def find_recipe(catalog: Catalog, reference: Named) -> Recipe:
    """The recipe that ``model.tag`` or ``plugin:model.tag`` names.

    Raises:
        AmbiguousError: Two plugins bring it.
        ConfigError: It is not well-formed.
        NotFoundError: There is none.
    """
    expected = f"{reference.name}.{reference.tag}"
    known = _files(catalog)
    found = [
        each
        for each in known
        if each.name == expected
        and reference.owner in ("", each.plugin.name, each.plugin.distribution)
    ]
    if not found:
        from zoo_core.plugins.index import who_brings

        offered = any(entry.spec.name == reference.name for entry in catalog.of(ModelSpec))
        owners = [f"{each.plugin.name}:{expected}" for each in known if each.name == expected]
        hint = f"write {' or '.join(owners)}" if owners else ""
        hint = hint or ("" if offered else who_brings(reference.name, catalog.registries))
        hint = hint or suggest(expected, [each.name for each in known]) or "try: zoo list recipes"
        raise NotFoundError(f"no recipe {reference.full_name!r}; {hint}")
    if len(found) > 1:
        check_unique("recipe", expected, [each.plugin for each in found])
    return _read(found[0])


def choose_recipes(
    catalog: Catalog, references: Sequence[str], tell: Tell | None = None
) -> list[Recipe]:
    """The recipes that references name, each once, sorted by name; all of them for no reference.

    Args:
        catalog: What is installed.
        references: ``model.tag``, a model's name for all its recipes, or a pattern.
        tell: Told of each recipe that is not well-formed, which is then left out, unless it was
            named in full.

    Raises:
        ConfigError: A recipe that was named in full is not well-formed.
        NotFoundError: A reference names no recipe.
    """
    every = _files(catalog)
    chosen: set[_File] = set()
    for reference in references or ("*",):
        found = [each for each in every if _named_by(reference, each)]
        if not found and references:
            hint = suggest(reference, [each.name for each in every]) or "try: zoo list recipes"
            raise NotFoundError(f"no recipe {reference!r}; {hint}")
        for each in found:
            if each.name == reference.rpartition(":")[2]:
                _read(each)
        chosen |= set(found)
    return list(_readable(chosen, tell))


def _named_by(reference: str, file: _File) -> bool:
    owner, _, name = reference.rpartition(":")
    ours = owner in ("", file.plugin.name, file.plugin.distribution)
    return ours and (fnmatchcase(file.name, name) or file.name.partition(".")[0] == name)


def parse_recipe(text: str, name: str) -> dict[str, Any]:
    """The tables of a recipe's text.

    Raises:
        ConfigError: It is no TOML, or holds an unknown key or one of the wrong type.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, too many digits, too deep
        raise ConfigError(f"{name}: not valid TOML: {error}") from None
    for key, value in tables.items():
        if key not in KEYS:
            hint = suggest(key, KEYS) or f"a recipe has: {', '.join(KEYS)}"
            raise ConfigError(f"{name}: {key}: no such key; {hint}")
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise ConfigError(f"{name}: {key} = {value!r:.80}: expected {KEYS[key].__name__}")
    for table in TABLES:
        chosen = tables.get(table, {}).get("name", "")
        if not isinstance(chosen, str):
            raise ConfigError(f"{name}: {table}.name = {chosen!r:.80}: expected text")
    return tables


def recipe_text(run_config: RunConfig) -> str:
    """A run config in the form of a recipe, which ``zoo train --config`` reads.

    Dataset and trainer are named with their plugins, so that no other one's can be meant.
    """
    import tomli_w

    tables: dict[str, Any] = {"seed": run_config.seed}
    for section in TABLES:
        name = {} if section == "model" else {"name": run_config.name(section)}
        values = {k: NONE if v is None else v for k, v in run_config.configs[section].items()}
        tables[section] = name | values
    return tomli_w.dumps(tables)


def _files(catalog: Catalog) -> list[_File]:
    found = []
    for plugin in catalog.plugins:
        package = plugin.module.rpartition(".")[0]  # a plugin of one module has no such folder
        folder = files(package) / "recipes" if package else None
        if folder is not None and folder.is_dir():
            every = [file for file in folder.iterdir() if file.name.endswith(".toml")]
            found += [_File(file.name.removesuffix(".toml"), plugin, file) for file in every]
    return found


def _readable(found: Iterable[_File], tell: Tell | None) -> Iterator[Recipe]:
    for each in sorted(found, key=lambda file: (file.name, file.plugin)):
        try:
            yield _read(each)
        except ConfigError as error:
            if tell is None:
                raise
            tell(f"recipe {error}; it is left out")


def _read(found: _File) -> Recipe:
    name, plugin, file = found
    label = f"{plugin.name}:{name}"
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{label}: not readable: {error}") from None
    return Recipe(name, plugin, parse_recipe(text, label), published_in(text, label))


def published_in(text: str, name: str) -> Published | None:
    """The figure that a recipe's text says was published; its digits count, so they are kept.

    Raises:
        ConfigError: The table is not well-formed.
    """
    import tomllib

    values = tomllib.loads(text, parse_float=Decimal).get("published")
    return None if values is None else parse_published(values, name)
