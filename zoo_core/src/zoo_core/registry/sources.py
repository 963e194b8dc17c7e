"""Where registry files lie, and what they hold together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from zoo_core.errors import ConfigError
from zoo_core.registry.file import KnownPlugin, Pretrained, Registry, read_registry

E = TypeVar("E", Pretrained, KnownPlugin)


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
    tell: Callable[[str], None] | None = None,
) -> dict[str, E]:
    """The entries of the zoo's registry and of others by name, sorted.

    Args:
        noun: What errors call an entry.
        registries: The files that plugins bring.
        entries: Which part of a file.
        tell: Told of each of the plugins' files that is not well-formed, which is then left out.

    Raises:
        ConfigError: A file is not well-formed, and it is the zoo's own or there is nobody to tell;
            or two claim a name.
    """
    own = registry_path()
    found: dict[str, E] = {}
    owners: dict[str, Path] = {}
    for path in (own, *registries):
        try:
            held = read_registry(path)
        except ConfigError as error:
            if tell is None or path == own:
                raise
            tell(f"{error}; it is left out, see: zoo doctor")
            continue
        for entry in entries(held):
            if entry.name in found:
                raise ConfigError(
                    f"{path}: {noun} {entry.name!r} is in {owners[entry.name]} already"
                )
            found[entry.name], owners[entry.name] = entry, path
    return dict(sorted(found.items()))
