"""``zoo plugins``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import click

from zoo_cli.parsing.lazy_group import AbstractLazyGroup, Row, Table
from zoo_cli.terminal.output import json_option, print_json, remark
from zoo_core.plugins.discovery import misnamed
from zoo_core.plugins.status import PluginStatus, plugin_statuses

COMMANDS = {
    "new": Row("Write a new plugin, ready to be changed.", "zoo_cli.commands.plugins.new:new"),
    "check": Row("Whether a plugin keeps the rules.", "zoo_cli.commands.plugins.check:check"),
    "search": Row(
        "Find plugins by a word, installed or not.", "zoo_cli.commands.plugins.search:search"
    ),
    "install": Row("Install plugins.", "zoo_cli.commands.plugins.install:install"),
    "uninstall": Row("Remove plugins.", "zoo_cli.commands.plugins.uninstall:uninstall"),
    "trace": Row("Every hook call and its time.", "zoo_cli.commands.plugins.trace:trace"),
}
PLURALS = {"registry": "registries"}


@final
class PluginsGroup(AbstractLazyGroup):
    """What can be done about plugins."""

    def sections(self) -> Iterator[tuple[str, Table]]:
        """One section."""
        yield "Commands", COMMANDS


@click.group(cls=PluginsGroup, invoke_without_command=True)
@click.option("-v", "--verbose", is_flag=True, help="Show where a plugin failed.")
@json_option
@click.pass_context
def plugins(ctx: click.Context, verbose: bool, as_json: bool) -> None:
    """List the installed plugins: what each contributes, and why one does not work.

    A plugin is ok, broken (it fails to load), blocked (ZOO_PLUGINS leaves it out) or incompatible
    (built for another plugin API).
    """
    if ctx.invoked_subcommand:
        return
    found = plugin_statuses()
    if as_json:
        print_json([_facts(each, verbose) for each in found])
    else:
        for each in found:
            _print(each, verbose)
    for said in misnamed():
        remark(said)


def _facts(status: PluginStatus, verbose: bool) -> dict[str, Any]:
    facts = status.plugin._asdict() | status._asdict()
    del facts["plugin"]
    if not verbose:
        del facts["traceback"]
    return facts


def _print(status: PluginStatus, verbose: bool) -> None:
    plugin = status.plugin
    click.echo(f"{plugin.name} {plugin.version}: {status.state}")
    for noun, names in status.contributes.items():
        click.echo(f"  {PLURALS.get(noun, f'{noun}s')}: {', '.join(names)}")
    owner = f"{plugin.distribution}, " if plugin.distribution != plugin.name else ""
    for label, value in (
        ("from", f"{owner}{status.location}" if status.location else ""),
        ("reason", status.reason),
        ("remedy", status.remedy),
    ):
        if value:
            click.echo(f"  {label}: {value}")
    if verbose and status.traceback:
        click.echo("".join(f"  {line}" for line in status.traceback.splitlines(keepends=True)))
