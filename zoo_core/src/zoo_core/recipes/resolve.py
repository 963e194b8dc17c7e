"""A draft: the parts of a run, chosen, and what recipe and file set of them; flags still to come.

A flag beats the file, the file beats the recipe, the recipe beats the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.configs.settings import Setting, make, settings_of, values_of
from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.recipes.recipe import Recipe, find_recipe, parse_recipe
from zoo_core.references import Named, parse_reference
from zoo_core.run_folder.run_config import SECTIONS, RunConfig

SPECS: dict[str, type[AbstractSpec]] = {
    cls.noun: cls for cls in (ModelSpec, DatasetSpec, TrainerSpec)
}
"""The class of the spec that each section of a run names."""
SEEDS = 2**32
"""How many seeds there are."""
Tables = dict[str, Any]


@final
class ResolvedRun(NamedTuple):
    """The parts of a run and what is set of them so far.

    Args:
        entries: The chosen spec of each section, with its plugin.
        configs: The config class of each section.
        values: What recipe and file set, by section.
        recipe: The recipe's name, or empty if none applies.
        seed: The seed they set.
    """

    entries: dict[str, CatalogEntry[Any]]
    configs: dict[str, type]
    values: dict[str, dict[str, Any]]
    recipe: str
    seed: int

    def settings(self, section: str) -> list[Setting]:
        """The settings of a section; the default is what holds if no flag says otherwise."""
        chosen = self.values[section]
        every = settings_of(self.configs[section]).values()
        return [each._replace(default=chosen.get(each.key, each.default)) for each in every]

    def run_config(
        self, flags: Mapping[str, Mapping[str, Any]] | None = None, **how: Any
    ) -> RunConfig:
        """The complete plan.

        Args:
            flags: Settings by section that beat all others.
            how: The remaining fields of the run config; a seed of None takes the draft's.

        Raises:
            ConfigError: A setting or the seed is unknown, missing, of the wrong type or out of
                bounds.
        """
        given = flags or {}
        if unknown := set(given) - set(SECTIONS):
            raise ConfigError(f"{min(unknown)}: no such section; there are {', '.join(SECTIONS)}")
        configs = {
            section: values_of(
                make(
                    self.configs[section],
                    section,
                    self.values[section] | dict(given.get(section, {})),
                )
            )
            for section in SECTIONS
        }
        seed = how.pop("seed", None)
        seed = self.seed if seed is None else seed
        if type(seed) is not int or not 0 <= seed < SEEDS:
            expected = f"an integer >= 0 and < {SEEDS}"
            raise ConfigError(f"seed = {str(seed)!r:.80}: expected {expected}")
        return RunConfig(
            **{section: self.entries[section].spec.name for section in SECTIONS},
            plugins={each: self.entries[each].plugin.distribution for each in SECTIONS},
            configs=configs,
            recipe=self.recipe,
            seed=seed,
            **how,
        )


def resolve_run(
    catalog: Catalog,
    model: str,
    *,
    dataset: str = "",
    trainer: str = "",
    file: Path | None = None,
    model_values: Mapping[str, Any] | None = None,
) -> ResolvedRun:
    """Chooses model, dataset and trainer, and lays recipe and file over each other.

    With a dataset other than the recipe's, the recipe does not apply at all.

    Args:
        catalog: What is installed.
        model: ``model``, ``model.tag``, or either with ``plugin:`` before it.
        dataset: A dataset other than the recipe's.
        trainer: A trainer other than the recipe's or the dataset's.
        file: TOML in the form of a recipe.
        model_values: Settings of a model to go on from; they beat the recipe's.

    Raises:
        ConfigError: The file is not well-formed, or nothing names a dataset.
        NotFoundError: A name is unknown or ambiguous.
    """
    reference = parse_reference(model)
    if not isinstance(reference, Named):
        raise NotFoundError(f"{model!r} is no model; try: zoo list models")
    model_offer = _model(catalog, reference)
    recipe = _recipe(catalog, reference, model_offer.spec)
    layers: list[Tables] = [recipe.tables] if recipe else []
    if model_values is not None:
        layers.append({"model": dict(model_values)})
    if file:
        layers.append(_read(file))
    chosen = dataset or _named(layers, "dataset")
    if not chosen:
        raise ConfigError(f"{reference.name} has no default recipe: name a dataset with --dataset")
    data = catalog.find(DatasetSpec, chosen)
    if recipe and not _means(_named([recipe.tables], "dataset"), data):
        layers, recipe = layers[1:], None
    trained_by = trainer or _named(layers, "trainer") or data.spec.default_trainer
    entries: dict[str, CatalogEntry[Any]] = {
        "model": model_offer,
        "dataset": data,
        "trainer": catalog.find(TrainerSpec, trained_by),
    }
    return ResolvedRun(
        entries=entries,
        configs={section: resolve(entry.spec.config) for section, entry in entries.items()},
        values={section: _values(layers, section, entries[section]) for section in SECTIONS},
        recipe=recipe.name if recipe else "",
        seed=next((layer["seed"] for layer in reversed(layers) if "seed" in layer), 0),
    )


def _model(catalog: Catalog, reference: Named) -> CatalogEntry[ModelSpec]:
    """The model; with a tag, the owner may be that of the recipe alone."""
    owned = [entry for entry in catalog.of(ModelSpec) if entry.spec.name == reference.name]
    if reference.tag and not any(reference.owner in entry.plugin for entry in owned):
        return catalog.find(ModelSpec, reference.name)
    return catalog.find(ModelSpec, reference.model)


def _recipe(catalog: Catalog, reference: Named, spec: ModelSpec) -> Recipe | None:
    if reference.tag:
        return find_recipe(catalog, reference)
    if spec.default_recipe:
        return find_recipe(catalog, reference._replace(tag=spec.default_recipe))
    return None


def _named(layers: list[Tables], section: str) -> str:
    """The name that the topmost layer gives to a section."""
    names = [layer[section]["name"] for layer in layers if "name" in layer.get(section, {})]
    return names[-1] if names else ""


def _values(layers: list[Tables], section: str, entry: CatalogEntry[Any]) -> dict[str, Any]:
    """What the layers set; a table that names another dataset or trainer does not apply."""
    values: dict[str, Any] = {}
    for layer in layers:
        table = dict(layer.get(section, {}))
        name = "" if section == "model" else table.pop("name", "")
        if not name or _means(name, entry):
            values |= table
    return values


def _means(name: str, entry: CatalogEntry[Any]) -> bool:
    """Whether a name means this offer."""
    owner, _, short = name.rpartition(":")
    return short == entry.spec.name and entry.plugin.is_meant_by(owner)


def _read(file: Path) -> Tables:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot read {file}: {getattr(error, 'strerror', None) or error}"
        ) from None
    return parse_recipe(text, str(file))
