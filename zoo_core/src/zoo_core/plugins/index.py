"""The index of known plugins, installed or not, and the names that they bring.

It is the part ``[plugins.NAME]`` of the registry files. Nothing in it is installed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from zoo_core.errors import ConfigError
from zoo_core.registry.file import KnownPlugin
from zoo_core.registry.sources import merge_entries


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
    )


def known_owner(name: str, registries: Iterable[Path] = ()) -> str:
    """Returns the distribution of the known plugin that brings a name; empty if there is none.

    A registry file that is not well-formed counts as empty: the commands that were asked for the
    registry report it.
    """
    return _owner(registries, lambda known: name in known.offers)


def known_command_owner(command: str, registries: Iterable[Path] = ()) -> str:
    """Returns the distribution of the known plugin that brings a command, as ``known_owner``."""
    return _owner(registries, lambda known: command in known.commands)


def known_loggers(registries: Iterable[Path] = ()) -> list[str]:
    """Returns the names of the loggers that known plugins bring, as ``known_owner``."""
    try:
        plugins = known_plugins(registries)
    except ConfigError:
        return []
    return [name for known in plugins for name in known.loggers]


def known_logger_owner(logger: str, registries: Iterable[Path] = ()) -> str:
    """Returns the distribution of the known plugin that brings a logger, as ``known_owner``."""
    return _owner(registries, lambda known: logger in known.loggers)


def known_format_owner(format: str, registries: Iterable[Path] = ()) -> str:
    """Returns the distribution of the known plugin that brings a format, as ``known_owner``."""
    return _owner(registries, lambda known: format in known.formats)


def _owner(registries: Iterable[Path], brings: Callable[[KnownPlugin], bool]) -> str:
    try:
        plugins = known_plugins(registries)
    except ConfigError:
        return ""
    return next((known.distribution for known in plugins if brings(known)), "")
