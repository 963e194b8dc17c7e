"""Finding the exporter of a format."""

from __future__ import annotations

from zoo_core.errors import NotFoundError, PluginError, suggest
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.index import known_format_owner
from zoo_core.plugins.specs import ExporterSpec


def find_exporter(catalog: Catalog, reference: str) -> ExporterSpec:
    """Returns the exporter of a format; ``plugin:format`` chooses between plugins.

    Raises:
        AmbiguousError: Two plugins have the format.
        NotFoundError: No plugin has it.
        PluginError: A known plugin has it and is not installed, or is broken.
    """
    name = reference.rpartition(":")[2]
    if not catalog.named(ExporterSpec, name):
        if distribution := known_format_owner(name, catalog.registries):
            how = catalog.how_to_get(distribution)
            raise PluginError(f"the format {name} comes with {distribution}: {how}")
        known = [entry.spec.name for entry in catalog.of(ExporterSpec)]
        hint = suggest(name, known) or f"there are {', '.join(known) or 'none'}"
        raise NotFoundError(f"no format {name!r}; {hint}")
    return catalog.find(ExporterSpec, reference).spec
