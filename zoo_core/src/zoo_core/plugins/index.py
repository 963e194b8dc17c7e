"""The directory of plugins: which ones are known, installed or not, and what they would bring.

It is the part ``[plugins.NAME]`` of the registry files. Nothing in it is installed by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zoo_core.errors import ConfigError
from zoo_core.plugins.discovery import every_plugin, left_out
from zoo_core.registry.file import KnownPlugin
from zoo_core.registry.sources import merged


def known_plugins(registries: Iterable[Path] = ()) -> list[KnownPlugin]:
    """Every plugin of the zoo's registry and of others, by name.

    Raises:
        ConfigError: A registry file is not well-formed, or two claim a name.
    """
    return list(merged("plugin", registries, lambda registry: registry.plugins).values())


def search_plugins(word: str, registries: Iterable[Path] = ()) -> list[KnownPlugin]:
    """The known plugins that have a word in their name, summary or in what they offer.

    Raises:
        ConfigError: A registry file is not well-formed, or two claim a name.
    """
    expected = word.casefold()
    return [
        known
        for known in known_plugins(registries)
        if any(
            expected in text.casefold()
            for text in (known.name, known.distribution, known.summary, *known.offers)
        )
    ]


def who_brings(name: str, registries: Iterable[Path] = ()) -> str:
    """Which plugin would bring a name and how to get it, in words; empty if none is known."""
    try:
        known = next((each for each in known_plugins(registries) if name in each.offers), None)
    except ConfigError:  # which is told where the registry is what was asked for
        return ""
    if known is None:
        return ""
    said = f"{name} comes with {known.distribution}"
    if known.distribution not in {each.distribution for each in every_plugin()}:
        return f"{said}: zoo plugins install {known.distribution}"
    if left_out(known.distribution):
        return f"{said}, which ZOO_PLUGINS leaves out"
    return f"{said}, which is installed: zoo plugins"
