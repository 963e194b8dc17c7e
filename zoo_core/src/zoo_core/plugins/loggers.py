"""Finding the loggers that a command line names."""

from __future__ import annotations

from collections.abc import Iterable

from zoo_core.errors import NotFoundError, PluginError, suggest
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.index import known_logger_owner, known_loggers
from zoo_core.plugins.specs import LoggerSpec


def find_loggers(catalog: Catalog, names: Iterable[str]) -> list[CatalogEntry[LoggerSpec]]:
    """Returns the loggers of names, each once, in their order.

    Raises:
        AmbiguousError: Two plugins have a logger of a name.
        NotFoundError: No plugin has one.
        PluginError: A known plugin has one and is not installed, or is broken.
    """
    return [_find(catalog, name) for name in dict.fromkeys(names)]


def _find(catalog: Catalog, reference: str) -> CatalogEntry[LoggerSpec]:
    name = reference.rpartition(":")[2]
    if not catalog.named(LoggerSpec, name):
        if distribution := known_logger_owner(name, catalog.registries):
            how = catalog.how_to_get(distribution)
            raise PluginError(f"the logger {name} comes with {distribution}: {how}")
        installed = [entry.spec.name for entry in catalog.of(LoggerSpec)]
        known = [*installed, *known_loggers(catalog.registries)]
        hint = suggest(name, known) or f"there are {', '.join(installed) or 'none'}"
        raise NotFoundError(f"no logger {name!r}; {hint}")
    return catalog.find(LoggerSpec, reference)
