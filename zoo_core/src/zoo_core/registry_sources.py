"""Where registry files lie, and what they hold together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from zoo_core.errors import ConfigError
from zoo_core.registry_file import KnownPlugin, Pretrained, Registry, read_registry

E = TypeVar("E", Pretrained, KnownPlugin)


def registry_path() -> Path:
    """The registry of this installation."""
    chosen = os.environ.get("ZOO_REGISTRY")
    if chosen:
        return Path(chosen).expanduser()
    packaged = Path(__file__).with_name("registry.toml")
    return packaged if packaged.is_file() else Path(__file__).parents[3] / "registry.toml"


def merged(
    noun: str, paths: Iterable[Path], entries: Callable[[Registry], Iterable[E]]
) -> dict[str, E]:
    """The entries of several files by name, sorted.

    Args:
        noun: What errors call an entry.
        paths: The files.
        entries: Which part of a file.

    Raises:
        ConfigError: A file is not well-formed, or two claim a name.
    """
    found: dict[str, E] = {}
    owners: dict[str, Path] = {}
    for path in paths:
        for entry in entries(read_registry(path)):
            if entry.name in found:
                raise ConfigError(
                    f"{path}: {noun} {entry.name!r} is in {owners[entry.name]} already"
                )
            found[entry.name], owners[entry.name] = entry, path
    return dict(sorted(found.items()))
