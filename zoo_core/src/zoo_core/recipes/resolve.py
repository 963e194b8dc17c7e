"""Resolving a run: which model, dataset and trainer it has, and their settings before any flag.

A flag beats the file, the file beats the recipe or the checkpoint that the run starts from, and
these beat the default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, final

from zoo_core.configs.records import Rule
from zoo_core.configs.settings import Setting, build_config, settings_of, values_of
from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.escaping import shell_word
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.recipes.recipe import Recipe, find_recipe, parse_recipe, run_tables
from zoo_core.references import Named, parse_reference, shown
from zoo_core.run_folder.local_runs import find_bare_folder, find_run_folder
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.run_config import MAX_THREADS, SECTIONS, RunConfig
from zoo_core.storage.utf8 import read_utf8

SPECS: dict[str, type[AbstractSpec]] = {
    cls.noun: cls for cls in (ModelSpec, DatasetSpec, TrainerSpec)
}
"""The class of the spec that each section of a run names."""
SEED_COUNT = 2**32
"""Seeds are below this number."""


def _is_integer(value: object, end: float = math.inf) -> bool:
    return type(value) is int and 0 <= value < end


OPTIONS = {
    "seed": Rule(
        f"an integer >= 0 and < {SEED_COUNT}", lambda value: _is_integer(value, SEED_COUNT)
    ),
    "threads": Rule(
        f"an integer >= 0 and <= {MAX_THREADS}", lambda value: _is_integer(value, MAX_THREADS + 1)
    ),
    "budget": Rule("a number of seconds >= 0", lambda value: 0 <= value < math.inf),
    "token_budget": Rule("an integer >= 0", _is_integer),
}
"""The rules of those options of a run that are numbers."""


@final
class _Layer(NamedTuple):
    """Settings of a run that beat those of the layers before it.

    Args:
        tables: The settings in the form of a recipe.
        source: The file or recipe that errors name; empty for a checkpoint.
    """

    tables: Mapping[str, Any]
    source: str


@final
class ResolvedRun(NamedTuple):
    """The parts of a run and their settings from recipe and file.

    Args:
        entries: The chosen spec of each section, with its plugin.
        configs: The config class of each section.
        values: The settings from recipe and file, by section.
        recipe: The recipe's name, or empty if none applies.
        seed: The seed from recipe and file.
        uses_defaults: Whether no recipe, checkpoint or file has settings of model or trainer.
        sources: The recipe or file that a setting comes from, by section and key.
    """

    entries: dict[str, CatalogEntry[Any]]
    configs: dict[str, type]
    values: dict[str, dict[str, Any]]
    recipe: str
    seed: int
    uses_defaults: bool = False
    sources: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    def settings(self, section: str) -> list[Setting]:
        """Returns the settings of a section, whose defaults are the values from recipe and file."""
        values = self.values[section]
        return [
            setting._replace(default=values.get(setting.key, setting.default))
            for setting in settings_of(self.configs[section]).values()
        ]

    def run_config(
        self, flags: Mapping[str, Mapping[str, Any]] | None = None, **options: Any
    ) -> RunConfig:
        """Returns the complete run config.

        Args:
            flags: Settings by section; they beat all others.
            options: The other fields of the run config; a seed of None takes the resolved one.

        Raises:
            ConfigError: A setting or an option is unknown, missing, of the wrong type or out of
                bounds.
        """
        flags = flags or {}
        check_sections(flags)
        configs = {}
        for section in SECTIONS:
            typed = flags.get(section, {})
            values = self.values[section] | dict(typed)
            sources = {
                key: source
                for key, source in self.sources.get(section, {}).items()
                if key not in typed
            }
            config: object = build_config(self.configs[section], section, values, sources)
            configs[section] = values_of(config)
        seed = options.pop("seed", None)
        seed = self.seed if seed is None else seed
        for name, value in {"seed": seed, **options}.items():
            check_option(name, value)
        return RunConfig(
            **{section: self.entries[section].spec.name for section in SECTIONS},
            plugins={section: self.entries[section].plugin.distribution for section in SECTIONS},
            configs=configs,
            recipe=self.recipe,
            seed=seed,
            **options,
        )


def check_sections(settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Checks that settings are tables by section.

    Raises:
        ConfigError: There is no such section, or its value is no table.
    """
    for section, table in settings.items():
        if section not in SECTIONS:
            raise ConfigError(
                f"{section}: no such section; there are {', '.join(SECTIONS)}, "
                "such as {'trainer': {'epochs': 3}}"
            )
        if not isinstance(table, Mapping):
            raise ConfigError(f"{section} = {table!r:.80}: expected a dictionary of settings")


def check_option(name: str, value: Any) -> None:
    """Checks an option of a run: its seed, threads or budget; others are checked where they act.

    Raises:
        ConfigError: It is out of bounds.
    """
    rule = OPTIONS.get(name)
    if rule and not rule.holds(value):
        raise ConfigError(f"{name} = {str(value)!r:.80}: expected {rule.expected}")


def resolve_run(
    catalog: Catalog,
    model: str,
    *,
    dataset: str = "",
    trainer: str = "",
    file: Path | None = None,
    origin: RunConfig | None = None,
) -> ResolvedRun:
    """Chooses model, dataset and trainer, and merges the settings of recipe and file.

    A recipe that the model's name includes keeps its model and trainer settings whatever the
    dataset is. The default recipe does not apply if another dataset than its own is chosen.

    Args:
        catalog: What is installed.
        model: ``model``, ``model.tag``, or either with ``plugin:`` before it.
        dataset: A dataset other than the recipe's.
        trainer: A trainer other than the recipe's or the dataset's.
        file: A TOML file in the form of a recipe.
        origin: The run config of the checkpoint whose weights the run starts from. It takes the
            place of the default recipe. If the model's name includes a recipe, the origin's model
            settings beat the recipe's, and the rest of the origin does not apply.

    Raises:
        ConfigError: The file is not well-formed, or nothing names a dataset.
        NotFoundError: A name is unknown or ambiguous.
    """
    reference = parse_reference(model)
    if not isinstance(reference, Named):
        raise _checkpoint_error(model, shell_word(model))
    try:
        model_entry = _model(catalog, reference)
    except NotFoundError:
        if find_run_folder(model):
            raise _checkpoint_error(model, shell_word(model)) from None
        if (folder := find_bare_folder(model)) and (folder / MANIFEST).is_file():
            raise _checkpoint_error(model, shown(folder)) from None
        raise
    recipe = None
    if reference.tag or origin is None:
        recipe = _recipe(catalog, reference, model_entry.spec)
    layers = [_Layer(recipe.tables, f"{recipe.plugin.name}:{recipe.name}")] if recipe else []
    if origin:
        tables = {"model": origin.configs["model"]} if recipe else run_tables(origin)
        layers.append(_Layer(tables, ""))
    if file:
        layers.append(_Layer(_read(file), str(file)))
    dataset = dataset or _named(layers, "dataset")
    if not dataset:
        raise ConfigError(f"{reference.name} has no default recipe: name a dataset with --dataset")
    dataset_entry = catalog.find(DatasetSpec, dataset)
    recipe_dataset = _named(layers[:1], "dataset") if recipe else ""
    if recipe and not reference.tag and not _means(recipe_dataset, dataset_entry):
        layers, recipe, recipe_dataset = layers[1:], None, ""
    trainer = trainer or _named(layers, "trainer")
    if not trainer:
        trained_on = catalog.find(DatasetSpec, recipe_dataset or dataset)
        trainer = trained_on.spec.default_trainer
    recipe_name = recipe.name if recipe else ""
    if origin and not recipe:
        recipe_name = origin.recipe
    entries: dict[str, CatalogEntry[Any]] = {
        "model": model_entry,
        "dataset": dataset_entry,
        "trainer": catalog.find(TrainerSpec, trainer),
    }
    return ResolvedRun(
        entries=entries,
        configs={section: resolve(entry.spec.config) for section, entry in entries.items()},
        values={section: _values(layers, section, entries[section]) for section in SECTIONS},
        recipe=recipe_name,
        seed=next(
            (layer.tables["seed"] for layer in reversed(layers) if "seed" in layer.tables), 0
        ),
        uses_defaults=not any(
            "model" in layer.tables or "trainer" in layer.tables for layer in layers
        ),
        sources={section: _sources(layers, section, entries[section]) for section in SECTIONS},
    )


def _checkpoint_error(reference: str, argument: str) -> NotFoundError:
    """Returns the error that a checkpoint is given in the place of a model."""
    return NotFoundError(
        f"{reference!r} is a checkpoint; to start from it: zoo train MODEL --from {argument}"
    )


def _model(catalog: Catalog, reference: Named) -> CatalogEntry[ModelSpec]:
    """Returns the model's entry; with a tag, the owner may be that of the recipe alone."""
    owners = [entry.plugin for entry in catalog.named(ModelSpec, reference.name)]
    if reference.tag and not any(owner.is_meant_by(reference.owner) for owner in owners):
        return catalog.find(ModelSpec, reference.name)
    return catalog.find(ModelSpec, reference.model)


def _recipe(catalog: Catalog, reference: Named, spec: ModelSpec) -> Recipe | None:
    if reference.tag:
        return find_recipe(catalog, reference)
    if spec.default_recipe:
        return find_recipe(catalog, reference._replace(tag=spec.default_recipe))
    return None


def _named(layers: list[_Layer], section: str) -> str:
    """Returns the name that the last layer gives to a section, or an empty string."""
    tables = [layer.tables.get(section, {}) for layer in layers]
    names = [table["name"] for table in tables if "name" in table]
    return names[-1] if names else ""


def _values(layers: list[_Layer], section: str, entry: CatalogEntry[Any]) -> dict[str, Any]:
    """Returns the settings of the layers, except tables for another dataset or trainer."""
    values: dict[str, Any] = {}
    for layer in layers:
        values |= _table(layer, section, entry)
    return values


def _sources(layers: list[_Layer], section: str, entry: CatalogEntry[Any]) -> dict[str, str]:
    """Returns the file or recipe that each setting comes from, where it has a name."""
    sources = {key: layer.source for layer in layers for key in _table(layer, section, entry)}
    return {key: source for key, source in sources.items() if source}


def _table(layer: _Layer, section: str, entry: CatalogEntry[Any]) -> dict[str, Any]:
    """Returns a layer's settings of a section; none if they are for another entry."""
    table = dict(layer.tables.get(section, {}))
    name = "" if section == "model" else table.pop("name", "")
    return table if not name or _means(name, entry) else {}


def _means(name: str, entry: CatalogEntry[Any]) -> bool:
    """Whether a name, with or without its plugin, means this entry."""
    owner, _, short = name.rpartition(":")
    return short == entry.spec.name and entry.plugin.is_meant_by(owner)


def _read(file: Path) -> dict[str, Any]:
    try:
        text = read_utf8(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read {file}: {reason}") from None
    return parse_recipe(text, str(file))
