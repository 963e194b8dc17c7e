"""The index of known plugins, installed or not, and the names that they bring.

It is the part ``[plugins.NAME]`` of the registry files. Nothing in it is installed by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from zoo_core.errors import ConfigError
from zoo_core.registry.file import KnownPlugin
from zoo_core.registry.sources import merge_entries

Part: TypeAlias = Literal["offers", "commands", "loggers", "formats", "engines"]
"""The fields of ``KnownPlugin`` that hold names."""


def known_plugins(registries: Iterable[Path] = ()) -> list[KnownPlugin]:
    """Returns the plugins that the zoo's registry and other registry files list, by name.

    Raises:
        ConfigError: A registry file is not well-formed, or two list the same name.
    """
    return list(merge_entries("plugin", registries, lambda registry: registry.plugins).values())


def search_plugins(word: str, registries: Iterable[Path] = ()) -> list[KnownPlugin]:
    """Returns the known plugins with a word in their name, summary or in a name that they bring.

    Raises:
        ConfigError: A registry file is not well-formed, or two list the same name.
    """
    word = word.casefold()
    return [
        known
        for known in known_plugins(registries)
        if any(word in text.casefold() for text in _texts(known))
    ]


def _texts(known: KnownPlugin) -> tuple[str, ...]:
    return (
        known.name,
        known.distribution,
        known.summary,
        *known.offers,
        *known.commands,
        *known.loggers,
        *known.formats,
        *known.engines,
    )


def known_owner(name: str, registries: Iterable[Path] = (), part: Part = "offers") -> str:
    """Returns the distribution of the known plugin that brings a name; empty if there is none.

    A registry file that is not well-formed counts as empty: the commands that were asked for the
    registry report it.

    Args:
        name: The name.
        registries: Registry files beside the zoo's own.
        part: Which field of ``KnownPlugin`` holds the name.
    """
    plugins = _readable_plugins(registries)
    return next((known.distribution for known in plugins if name in getattr(known, part)), "")


def known_names(part: Part, registries: Iterable[Path] = ()) -> list[str]:
    """Returns the names that known plugins bring, in a field of ``KnownPlugin``."""
    return [name for known in _readable_plugins(registries) for name in getattr(known, part)]


def _readable_plugins(registries: Iterable[Path]) -> list[KnownPlugin]:
    try:
        return known_plugins(registries)
    except ConfigError:
        return []
