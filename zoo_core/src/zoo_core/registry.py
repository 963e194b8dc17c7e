"""The registry: which pretrained checkpoints exist, where, and the hash of every file.

Sources, merged: the file that ``ZOO_REGISTRY`` names, or the one at the root of a checkout, or
the copy inside the installed package; then those that plugins bring.
"""

from __future__ import annotations

from zoo_core.catalog import Catalog
from zoo_core.errors import NotFoundError
from zoo_core.nearest import nearest
from zoo_core.registry_file import Pretrained
from zoo_core.registry_sources import merged, registry_path


def load_registry(catalog: Catalog) -> dict[str, Pretrained]:
    """Every pretrained checkpoint by name.

    Raises:
        ConfigError: A registry file is not well-formed, or two claim a name.
    """
    paths = (registry_path(), *catalog.registries)
    return merged("checkpoint", paths, lambda registry: registry.checkpoints)


def find_pretrained(catalog: Catalog, name: str) -> Pretrained:
    """The pretrained checkpoint of a name.

    Raises:
        NotFoundError: The registry has none of that name.
    """
    registry = load_registry(catalog)
    if name not in registry:
        hint = nearest(name, registry) or f"make one: zoo train {name}"
        raise NotFoundError(f"no pretrained checkpoint {name!r}; {hint}")
    return registry[name]
