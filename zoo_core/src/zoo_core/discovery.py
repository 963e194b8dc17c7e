"""Which distributions name themselves in the entry-point group ``zoo``."""

from __future__ import annotations

import os
from importlib.metadata import Distribution, entry_points
from typing import Any, NamedTuple, final


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


def installed_plugins() -> list[Plugin]:
    """Every plugin installed here, sorted; with ``ZOO_PLUGINS=a,b`` only those named."""
    found = set()
    for point in entry_points(group="zoo"):
        found.add(Plugin(point.name, point.value, *_identity(point.dist)))
    chosen = os.environ.get("ZOO_PLUGINS")
    if chosen is not None:
        names = {name.strip() for name in chosen.split(",")}
        found = {plugin for plugin in found if plugin.name in names}
    return sorted(found)


def _identity(owner: Distribution | None) -> tuple[str, str]:
    """Name and version; ``unknown`` where an interrupted uninstall left no metadata."""
    facts: Any = owner.metadata if owner else {}  # an email.message.Message
    return str(facts.get("Name", "unknown")), str(facts.get("Version", "unknown"))
