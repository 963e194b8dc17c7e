"""The names of what is installed, for Python programs."""

from __future__ import annotations

from fnmatch import fnmatchcase

from zoo_core.arguments import check_arguments
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec


@check_arguments()
def list_models(pattern: str = "*") -> list[str]:
    """Returns the names of the installed models that match a pattern with shell wildcards."""
    return _names(ModelSpec, pattern)


@check_arguments()
def list_datasets(pattern: str = "*") -> list[str]:
    """Returns the names of the installed datasets that match a pattern with shell wildcards."""
    return _names(DatasetSpec, pattern)


@check_arguments()
def list_checkpoints(pattern: str = "*") -> list[str]:
    """Returns the names of the registry's pretrained checkpoints that match a pattern.

    Args:
        pattern: A name with shell wildcards, such as ``lstm-*``.

    Raises:
        ConfigError: The registry is not well-formed.
    """
    from zoo_core.registry.checkpoints import load_registry  # which the other lists do not need

    names = load_registry(load_catalog().registries, skip_broken=True)
    return sorted(name for name in names if fnmatchcase(name, pattern))


def _names(kind: type[AbstractSpec], pattern: str) -> list[str]:
    names = {entry.spec.name for entry in load_catalog().of(kind)}
    return sorted(name for name in names if fnmatchcase(name, pattern))
