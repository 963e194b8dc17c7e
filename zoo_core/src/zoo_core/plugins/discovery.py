"""Which distributions name themselves in the entry-point group ``zoo``."""

from __future__ import annotations

import os
import re
from importlib.metadata import Distribution, entry_points
from typing import NamedTuple, final

from zoo_core.errors import suggest

UNKNOWN = "unknown"
"""The distribution of a plugin whose metadata is gone, and its version."""
HEADER = re.compile(r"^(Name|Version):(.*)$", re.IGNORECASE | re.MULTILINE)


@final
class Plugin(NamedTuple):
    """One entry point of the group ``zoo``.

    Args:
        name: The entry point's name, which people type before a colon.
        module: The module that holds the hooks.
        distribution: The distribution that brought it.
        version: That distribution's version.
    """

    name: str
    module: str
    distribution: str
    version: str

    def is_meant_by(self, owner: str) -> bool:
        """Whether what a reference writes before the colon means this plugin, or is empty."""
        return owner in ("", self.name, self.distribution)


def installed_plugins() -> list[Plugin]:
    """The plugins to load, sorted: all that are here, or those that ``ZOO_PLUGINS=a,b`` names."""
    chosen = chosen_names()
    return [plugin for plugin in every_plugin() if chosen is None or plugin.name in chosen]


def every_plugin() -> list[Plugin]:
    """Every plugin installed here, sorted, whatever ``ZOO_PLUGINS`` says."""
    points = entry_points(group="zoo")
    return sorted({Plugin(each.name, each.value, *_identity(each.dist)) for each in points})


def chosen_names() -> set[str] | None:
    """The names in ``ZOO_PLUGINS``, or None if it is not set and every plugin counts."""
    chosen = os.environ.get("ZOO_PLUGINS")
    return None if chosen is None else {name.strip() for name in chosen.split(",")} - {""}


def misnamed() -> list[str]:
    """What to say of each name in ``ZOO_PLUGINS`` that no plugin here has, sorted."""
    chosen = chosen_names() or set()
    names = {each.name for each in every_plugin()} if chosen else set()
    return [
        f"ZOO_PLUGINS names {name}, which is not installed; {hint}".rstrip("; ")
        for name in sorted(chosen - names)
        for hint in [suggest(name, names)]
    ]


def left_out(distribution: str) -> bool:
    """Whether a distribution's plugin is installed here, and ``ZOO_PLUGINS`` names others alone."""
    chosen = chosen_names()
    if chosen is None:
        return False
    here = {each.name for each in every_plugin() if each.distribution == distribution}
    return bool(here) and not here & chosen


def _identity(owner: Distribution | None) -> tuple[str, str]:
    """Name and version; ``unknown`` where an interrupted uninstall left no metadata.

    ``Distribution.metadata`` would parse all of it as an e-mail, the README included.
    """
    text = (owner.read_text("METADATA") or owner.read_text("PKG-INFO")) if owner else None
    headers, _, _ = (text or "").partition("\n\n")
    facts = {name.lower(): value.strip() for name, value in HEADER.findall(headers)}
    return facts.get("name", UNKNOWN), facts.get("version", UNKNOWN)
