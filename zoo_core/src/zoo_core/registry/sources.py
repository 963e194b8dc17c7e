"""The registry files of an installation, and their entries merged by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from zoo_core.errors import ConfigError
from zoo_core.registry.file import KnownPlugin, Pretrained, Registry, read_registry

E = TypeVar("E", Pretrained, KnownPlugin)
Broken: TypeAlias = Literal["raise", "warn", "skip"]
"""What to do with a plugin's registry that is not well-formed."""

logger = logging.getLogger(__name__)


def registry_path() -> Path:
    """Returns the zoo's registry: ``ZOO_REGISTRY``, or the one of the package or checkout."""
    chosen = os.environ.get("ZOO_REGISTRY")
    if chosen:
        return Path(chosen).expanduser()
    packaged = Path(__file__).parents[1] / "registry.toml"
    return packaged if packaged.is_file() else Path(__file__).parents[4] / "registry.toml"


def merge_entries(
    noun: str,
    registries: Iterable[Path],
    entries: Callable[[Registry], Iterable[E]],
    broken: Broken = "raise",
) -> dict[str, E]:
    """Returns the entries of the zoo's registry and of others by name, sorted.

    Args:
        noun: The word for an entry in errors.
        registries: The files that plugins bring.
        entries: Returns the entries of one file.
        broken: What to do with a plugin's file that is not well-formed: raise the error, leave it
            out with a warning, or skip it.

    Raises:
        ConfigError: A file is not well-formed, and it is the zoo's own or ``broken`` is "raise";
            or two files claim a name.
    """
    own = registry_path()
    by_name: dict[str, E] = {}
    owners: dict[str, Path] = {}
    for path in (own, *registries):
        try:
            registry = read_registry(path)
        except ConfigError as error:
            if broken == "raise" or path == own:
                raise
            if broken == "warn":
                logger.warning("%s; it is left out, see: zoo doctor", error)
            continue
        for entry in entries(registry):
            if entry.name in by_name:
                raise ConfigError(
                    f"{path}: {noun} {entry.name!r} is in {owners[entry.name]} already"
                )
            by_name[entry.name], owners[entry.name] = entry, path
    return dict(sorted(by_name.items()))
