"""Finding what an option names and a plugin that is not installed may bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from zoo_core.errors import NotFoundError, PluginError, suggest
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.index import Part, known_names, known_owner
from zoo_core.plugins.specs import AbstractSpec, EngineSpec, ExporterSpec, LoggerSpec

S = TypeVar("S", bound=AbstractSpec)


def find_loggers(catalog: Catalog, names: Iterable[str]) -> list[CatalogEntry[LoggerSpec]]:
    """Returns the loggers of names, each once, in their order.

    Raises:
        AmbiguousError: Two plugins have a logger of a name.
        NotFoundError: No plugin has one.
        PluginError: A known plugin has one and is not installed, or is broken.
    """
    return [_find(catalog, LoggerSpec, name, "loggers") for name in dict.fromkeys(names)]


def find_exporter(catalog: Catalog, reference: str) -> ExporterSpec:
    """Returns the exporter of a format; ``plugin:format`` chooses between plugins.

    Raises:
        AmbiguousError: Two plugins have the format.
        NotFoundError: No plugin has it.
        PluginError: A known plugin has it and is not installed, or is broken.
    """
    return _find(catalog, ExporterSpec, reference, "formats").spec


def list_formats(catalog: Catalog) -> list[str]:
    """Returns the formats of the installed exporters and those of known plugins, sorted."""
    installed = [entry.spec.name for entry in catalog.of(ExporterSpec)]
    return sorted({*installed, *known_names("formats", catalog.registries)})


def find_engine(catalog: Catalog, reference: str) -> EngineSpec:
    """Returns the engine of a name; ``plugin:name`` chooses between plugins.

    Raises:
        AmbiguousError: Two plugins have an engine of the name.
        NotFoundError: No plugin has one.
        PluginError: A known plugin has one and is not installed, or is broken.
    """
    return _find(catalog, EngineSpec, reference, "engines").spec


def _find(catalog: Catalog, kind: type[S], reference: str, part: Part) -> CatalogEntry[S]:
    name, noun = reference.rpartition(":")[2], part.removesuffix("s")
    if catalog.named(kind, name):
        return catalog.find(kind, reference)
    if distribution := known_owner(name, catalog.registries, part):
        how = catalog.how_to_get(distribution)
        raise PluginError(f"the {noun} {name} comes with {distribution}: {how}")
    installed = [entry.spec.name for entry in catalog.of(kind)]
    known = [*installed, *known_names(part, catalog.registries)]
    hint = suggest(name, known) or f"there are {', '.join(installed) or 'none'}"
    raise NotFoundError(f"no {noun} {name!r}; {hint}")
