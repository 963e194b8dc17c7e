"""Commands of plugins, installed or not, and the functions that they share with other commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo_core.errors import PluginError
from zoo_core.plugins.catalog import Catalog, check_unique
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.index import known_owner
from zoo_core.plugins.specs import CommandSpec


def check_not_missing(catalog: Catalog, command: str) -> None:
    """Checks that a command which no plugin offers does not belong to a known plugin.

    Raises:
        PluginError: It does; the message says how to get the plugin.
    """
    if distribution := known_owner(command, catalog.registries, "commands"):
        raise PluginError(
            f"zoo {command} comes with {distribution}: {catalog.how_to_get(distribution)}"
        )


def shared_function(catalog: Catalog, command: str, name: str) -> Callable[..., Any]:
    """Returns a function that a plugin's command shares with other commands.

    Args:
        catalog: The installed plugins.
        command: The name of the command.
        name: The name of the function.

    Raises:
        AmbiguousError: Two plugins offer the command.
        PluginError: The plugin is missing or broken, or its command shares no such function.
    """
    entries = catalog.named(CommandSpec, command)
    if not entries:
        check_not_missing(catalog, command)
        raise PluginError(f"no plugin offers zoo {command}; try: zoo plugins search {command}")
    check_unique("command", command, [entry.plugin for entry in entries])
    entry = entries[0]
    for string in entry.spec.functions:
        if string.rpartition(":")[2] == name:
            function: Callable[..., Any] = resolve(string)
            return function
    distribution = entry.plugin.distribution
    raise PluginError(
        f"zoo {command} of {distribution} has no function {name}: "
        f"zoo plugins install --upgrade {distribution}"
    )
