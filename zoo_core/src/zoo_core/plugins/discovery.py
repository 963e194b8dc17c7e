"""Discovery of plugins: the entry points of the group ``zoo``."""

from __future__ import annotations

import os
from typing import NamedTuple, final

from zoo_core.errors import suggest
from zoo_core.plugins.entry_points import entry_points


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
    """Returns the plugins to load, sorted: all, or those that ``ZOO_PLUGINS=a,b`` names."""
    chosen = chosen_names()
    return [plugin for plugin in every_plugin() if chosen is None or plugin.name in chosen]


def every_plugin() -> list[Plugin]:
    """Returns every installed plugin, sorted, whatever ``ZOO_PLUGINS`` says."""
    return sorted({Plugin(*point) for point in entry_points("zoo")})


def chosen_names() -> set[str] | None:
    """Returns the names in ``ZOO_PLUGINS``, or None if it is not set and every plugin counts."""
    value = os.environ.get("ZOO_PLUGINS")
    return None if value is None else {name.strip() for name in value.split(",")} - {""}


def unknown_name_messages() -> list[str]:
    """Returns a message for every name in ``ZOO_PLUGINS`` that no installed plugin has, sorted."""
    chosen = chosen_names()
    if not chosen:
        return []
    installed = {plugin.name for plugin in every_plugin()}
    messages = []
    for name in sorted(chosen - installed):
        message = f"ZOO_PLUGINS names {name}, which is not installed; {suggest(name, installed)}"
        messages.append(message.rstrip("; "))
    return messages


def is_left_out(distribution: str) -> bool:
    """Whether a distribution is installed and ``ZOO_PLUGINS`` names none of its plugins."""
    chosen = chosen_names()
    if chosen is None:
        return False
    names = {plugin.name for plugin in every_plugin() if plugin.distribution == distribution}
    return bool(names) and not names & chosen
