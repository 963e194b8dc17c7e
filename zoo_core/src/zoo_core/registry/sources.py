"""Where registry files lie, and what they hold together."""

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
"""What happens to a plugin's registry that is not well-formed."""

logger = logging.getLogger(__name__)


def registry_path() -> Path:
    """The registry of this installation."""
    chosen = os.environ.get("ZOO_REGISTRY")
    if chosen:
        return Path(chosen).expanduser()
    packaged = Path(__file__).parents[1] / "registry.toml"
    return packaged if packaged.is_file() else Path(__file__).parents[4] / "registry.toml"


def merged(
    noun: str,
    registries: Iterable[Path],
    entries: Callable[[Registry], Iterable[E]],
    broken: Broken = "raise",
) -> dict[str, E]:
    """The entries of the zoo's registry and of others by name, sorted.

    Args:
        noun: What errors call an entry.
        registries: The files that plugins bring.
        entries: Which part of a file.
        broken: What to do with a plugin's file that is not well-formed: raise the error, leave it
            out with a warning, or skip it.

    Raises:
        ConfigError: A file is not well-formed, and it is the zoo's own or ``broken`` is "raise";
            or two files claim a name.
    """
    own = registry_path()
    found: dict[str, E] = {}
    owners: dict[str, Path] = {}
    for path in (own, *registries):
        try:
            held = read_registry(path)
        except ConfigError as error:
            if broken == "raise" or path == own:
                raise
            if broken == "warn":
                logger.warning("%s; it is left out, see: zoo doctor", error)
            continue
        for entry in entries(held):
            if entry.name in found:
                raise ConfigError(
                    f"{path}: {noun} {entry.name!r} is in {owners[entry.name]} already"
                )
            found[entry.name], owners[entry.name] = entry, path
    return dict(sorted(found.items()))
