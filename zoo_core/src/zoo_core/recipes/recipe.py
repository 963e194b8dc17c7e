"""Recipes: named TOML files beside a plugin's ``plugin.py`` that say how a model is trained.

``recipes/<model>.<tag>.toml`` holds ``seed``, ``summary``, ``note``, ``seconds`` (about how long
training takes on two cores), the tables ``[model]``, ``[dataset]`` and ``[trainer]``, and
``[published]`` where a result was published.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, final

from zoo_core.configs.records import read_record
from zoo_core.configs.settings import NONE
from zoo_core.errors import ConfigError, NotFoundError, suggest
from zoo_core.plugins.catalog import Catalog, check_unique
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.recipe_files import RecipeFile, recipe_files
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.published import Published, parse_published
from zoo_core.references import Named
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_core.storage.utf8 import read_utf8

logger = logging.getLogger(__name__)


@final
class _RecipeTables(NamedTuple):
    """The keys of a recipe file; every one may be missing."""

    seed: int = 0
    seconds: int = 0
    summary: str = ""
    note: str = ""
    published: dict[str, Any] = {}  # noqa: RUF012  # never changed
    model: dict[str, Any] = {}  # noqa: RUF012
    dataset: dict[str, Any] = {}  # noqa: RUF012
    trainer: dict[str, Any] = {}  # noqa: RUF012


@final
class Recipe(NamedTuple):
    """How a model is trained, and the published result that this must reach.

    Args:
        name: ``model.tag``.
        plugin: The plugin that has the file; another plugin may have the model.
        tables: The file's content.
        published: The published result, if there is one.
    """

    name: str
    plugin: Plugin
    tables: dict[str, Any]
    published: Published | None = None

    @property
    def seconds(self) -> int | None:
        """About how long training takes on two cores, in seconds, if the file says so."""
        seconds: int | None = self.tables.get("seconds")
        return seconds

    @property
    def summary(self) -> str:
        """One line, for lists."""
        return str(self.tables.get("summary", ""))


def list_recipes(catalog: Catalog, *, skip_broken: bool = False) -> list[Recipe]:
    """Returns every recipe of every working plugin, sorted by name.

    Args:
        catalog: What is installed.
        skip_broken: Whether a recipe that is not well-formed is left out with a warning.

    Raises:
        ConfigError: A recipe is not well-formed, and ``skip_broken`` is not set.
    """
    files = recipe_files(catalog)
    return list(_read_well_formed(files)) if skip_broken else [_read(file) for file in files]


def find_recipe(catalog: Catalog, reference: Named) -> Recipe:
    """Returns the recipe that ``model.tag`` or ``plugin:model.tag`` names.

    Raises:
        AmbiguousError: Two plugins have it.
        ConfigError: It is not well-formed.
        NotFoundError: There is none.
    """
    name = f"{reference.name}.{reference.tag}"
    known = recipe_files(catalog)
    named = [file for file in known if file.name == name]
    owned = [file for file in named if file.plugin.is_meant_by(reference.owner)]
    if not owned:
        hint = (
            _other_owners(named)
            or _owner_of_model(catalog, reference.name)
            or _suggest_recipes(name, known)
        )
        raise NotFoundError(f"no recipe {reference.full_name!r}; {hint}")
    check_unique("recipe", name, [file.plugin for file in owned])
    return _read(owned[0])


def _other_owners(named: list[RecipeFile]) -> str:
    choices = [f"{file.plugin.name}:{file.name}" for file in named]
    return f"write {' or '.join(choices)}" if choices else ""


def _suggest_recipes(name: str, known: list[RecipeFile]) -> str:
    """Returns a remedy for an unknown name: recipes of its model, if that has any."""
    names = [file.name for file in known]
    model = name.rpartition(":")[2].partition(".")[0]
    if of_model := [recipe for recipe in names if recipe.partition(".")[0] == model]:
        return suggest(name, of_model) or f"{model} has {', '.join(of_model)}"
    return suggest(name, names) or "try: zoo list recipes"


def _owner_of_model(catalog: Catalog, model: str) -> str:
    return "" if catalog.named(ModelSpec, model) else catalog.where_to_get(model)


def choose_recipes(catalog: Catalog, references: Sequence[str]) -> list[Recipe]:
    """Returns the recipes that references name, sorted by name; all of them for no reference.

    A recipe that is not well-formed is left out with a warning, unless it was named in full.

    Args:
        catalog: What is installed.
        references: ``model.tag``, a model's name for all its recipes, or a pattern.

    Raises:
        ConfigError: A recipe that was named in full is not well-formed.
        NotFoundError: A reference names no recipe.
    """
    known = recipe_files(catalog)
    chosen: set[RecipeFile] = set()
    for reference in references or ("*",):
        matching = [file for file in known if _matches(reference, file)]
        if not matching and references:
            hint = _suggest_recipes(reference, known)
            raise NotFoundError(f"no recipe {reference!r}; {hint}")
        for file in matching:
            if file.name == reference.rpartition(":")[2]:
                _read(file)
        chosen |= set(matching)
    return list(_read_well_formed(sorted(chosen, key=known.index)))


def _matches(reference: str, file: RecipeFile) -> bool:
    owner, _, name = reference.rpartition(":")
    is_model = file.name.partition(".")[0] == name
    return file.plugin.is_meant_by(owner) and (is_model or fnmatchcase(file.name, name))


def parse_recipe(text: str, name: str) -> dict[str, Any]:
    """Returns the tables of a recipe's text.

    Raises:
        ConfigError: The text is not TOML, or a key is unknown or has a value of the wrong type.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, too many digits, too deep
        raise ConfigError(f"{name}: not valid TOML: {error}") from None
    read_record(_RecipeTables, tables, error=ConfigError, source=name)
    for section in SECTIONS:
        part = tables.get(section, {}).get("name", "")
        if not isinstance(part, str):
            raise ConfigError(f"{name}: {section}.name = {part!r:.80}: expected text")
    return tables


def recipe_text(run_config: RunConfig) -> str:
    """Returns a run config in the form of a recipe, which ``zoo train --config`` reads.

    Dataset and trainer are named with their plugins, so that no other plugin's can be meant.
    """
    import tomlkit

    return tomlkit.dumps(run_tables(run_config))


def run_tables(run_config: RunConfig) -> dict[str, Any]:
    """Returns the tables of a run config in the form of a recipe's."""
    tables: dict[str, Any] = {"seed": run_config.seed}
    for section in SECTIONS:
        values = run_config.configs[section].items()
        tables[section] = {} if section == "model" else {"name": run_config.name(section)}
        tables[section] |= {key: NONE if value is None else value for key, value in values}
    return tables


def published_in(text: str, name: str) -> Published | None:
    """Returns the published result in a recipe's text, with the digits that were published.

    Raises:
        ConfigError: The table is not well-formed.
    """
    import tomllib

    values = tomllib.loads(text, parse_float=Decimal).get("published")
    return None if values is None else parse_published(values, name)


def _read_well_formed(files: Iterable[RecipeFile]) -> Iterator[Recipe]:
    for file in files:
        try:
            yield _read(file)
        except ConfigError as error:
            logger.warning("recipe %s; it is left out", error)


def _read(file: RecipeFile) -> Recipe:
    label = f"{file.plugin.name}:{file.name}"
    try:
        text = read_utf8(file.path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{label}: not readable: {error}") from None
    tables = parse_recipe(text, label)
    return Recipe(file.name, file.plugin, tables, published_in(text, label))
