"""``zoo plugins``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import click

from zoo_cli.parsing.lazy_group import AbstractLazyGroup, CommandTable, LazyCommand
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.plugins.discovery import unknown_name_messages
from zoo_core.plugins.status import PluginStatus, plugin_statuses

COMMANDS = {
    "new": LazyCommand("Write a new plugin.", "zoo_cli.commands.plugins.new:new"),
    "check": LazyCommand(
        "Check that a plugin follows the rules.", "zoo_cli.commands.plugins.check:check"
    ),
    "search": LazyCommand("Search known plugins.", "zoo_cli.commands.plugins.search:search"),
    "install": LazyCommand("Install plugins.", "zoo_cli.commands.plugins.install:install"),
    "uninstall": LazyCommand("Remove plugins.", "zoo_cli.commands.plugins.uninstall:uninstall"),
    "trace": LazyCommand("Time every hook call.", "zoo_cli.commands.plugins.trace:trace"),
}
PLURALS = {"registry": "registries"}


@final
class PluginsGroup(AbstractLazyGroup):
    """The commands of ``zoo plugins``."""

    def sections(self) -> Iterator[tuple[str, CommandTable]]:
        """Yields one section."""
        yield "Commands", COMMANDS


@click.group(cls=PluginsGroup, invoke_without_command=True)
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of a plugin that failed.")
@json_option
@click.pass_context
def plugins(ctx: click.Context, verbose: bool, as_json: bool) -> None:
    """List the installed plugins and what they contribute.

    A plugin is ok, broken (it fails to load), blocked (ZOO_PLUGINS leaves it out) or incompatible
    (it was built for another plugin API). A plugin that does not work has a reason and a remedy.
    """
    if ctx.invoked_subcommand:
        return
    statuses = plugin_statuses()
    if as_json:
        print_json([_facts(status, verbose) for status in statuses])
    else:
        for status in statuses:
            _print(status, verbose)
    for message in unknown_name_messages():
        echo(message, err=True)


def _facts(status: PluginStatus, verbose: bool) -> dict[str, Any]:
    facts = status.plugin._asdict() | status._asdict()
    del facts["plugin"]
    if not verbose:
        del facts["traceback"]
    return facts


def _print(status: PluginStatus, verbose: bool) -> None:
    plugin = status.plugin
    echo(f"{plugin.name} {plugin.version}: {status.state}")
    for noun, names in status.contributes.items():
        echo(f"  {PLURALS.get(noun, f'{noun}s')}: {', '.join(names)}")
    owner = f"{plugin.distribution}, " if plugin.distribution != plugin.name else ""
    for label, value in (
        ("from", f"{owner}{status.location}" if status.location else ""),
        ("reason", status.reason),
        ("remedy", status.remedy),
    ):
        if value:
            echo(f"  {label}: {value}")
    if verbose and status.traceback:
        echo("".join(f"  {line}" for line in status.traceback.splitlines(keepends=True)))
