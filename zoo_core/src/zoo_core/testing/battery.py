"""The battery: every part of a plugin, with the checks that it is put to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo_core.catalog import NOUNS, Catalog, Offer
from zoo_core.discovery import Plugin
from zoo_core.errors import NotFoundError
from zoo_core.nearest import nearest
from zoo_core.recipes import list_recipes
from zoo_core.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.testing import plugins, specs
from zoo_core.testing.check import Check
from zoo_core.testing.plugins import PluginCase
from zoo_core.testing.specs import SpecCase
from zoo_core.testing.subject import Cases, Subject

Groups = list[tuple[tuple[Check, ...], Cases]]


def every_check() -> dict[str, tuple[Check, ...]]:
    """Every check by what it is of."""
    from zoo_core.testing import datasets, recipes, recurrence, trainers, weights

    return {
        "plugins": plugins.CHECKS,
        "specs and configs": specs.CHECKS + specs.CONFIG_CHECKS,
        "recipes": recipes.CHECKS,
        "models": recurrence.CHECKS + weights.CHECKS + weights.SLOW,
        "datasets": datasets.CHECKS,
        "trainers": trainers.CHECKS,
    }


def find_plugin(catalog: Catalog, name: str) -> Plugin:
    """The installed plugin, working or not, that a plugin's or distribution's name means.

    Raises:
        NotFoundError: There is none.
    """
    known = [*catalog.plugins, *(each.plugin for each in catalog.broken)]
    for each in known:
        if name in (each.name, each.distribution):
            return each
    hint = nearest(name, [each.name for each in known]) or "try: zoo plugins"
    raise NotFoundError(f"no plugin {name!r}; {hint}")


def subjects(catalog: Catalog, plugin: Plugin) -> Iterator[Subject]:
    """The plugin itself, its specs and its recipes; of a broken one, itself alone.

    Raises:
        ConfigError: A recipe is not well-formed.
    """
    yield Subject(f"plugin {plugin.name}", [(plugins.CHECKS, lambda: [PluginCase(plugin, catalog)])])
    for offer in catalog.offers:
        if offer.plugin == plugin:
            yield Subject(f"{NOUNS[type(offer.spec)]} {offer.spec.name}", _groups(catalog, offer))
    ours = catalog._replace(plugins=tuple(p for p in catalog.plugins if p == plugin))
    for recipe in list_recipes(ours):
        from zoo_core.testing import recipes

        case = recipes.RecipeCase(catalog, recipe)
        yield Subject(f"recipe {recipe.name}", [(recipes.CHECKS, lambda case=case: [case])])


def _groups(catalog: Catalog, offer: Offer[Any]) -> Groups:
    spec = offer.spec
    groups: Groups = [(specs.CHECKS, lambda: [SpecCase(spec)])]
    if hasattr(spec, "config"):
        groups.append((specs.CONFIG_CHECKS, lambda: [SpecCase(spec)]))
    match spec:
        case ModelSpec():
            groups += _of_model(spec)
        case DatasetSpec():
            from zoo_core.testing import datasets

            groups.append((datasets.CHECKS, lambda: [datasets.DatasetCase(offer.plugin, spec)]))
        case TrainerSpec():
            from zoo_core.testing import trainers
            from zoo_core.testing.samples import with_samples

            there = with_samples(catalog)
            groups.append((trainers.CHECKS, lambda: trainers.trainer_cases(there, offer)))
    return groups


def _of_model(spec: ModelSpec) -> Groups:
    from zoo_core.testing import recurrence, weights
    from zoo_core.testing.model_cases import model_cases, plain_cases

    return [
        (recurrence.CHECKS + weights.CHECKS, lambda: model_cases(spec)),
        (weights.SLOW, lambda: list(plain_cases(spec))),
    ]
