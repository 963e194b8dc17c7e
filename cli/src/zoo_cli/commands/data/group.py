"""``zoo data``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import click

from zoo_cli.parsing.lazy_group import AbstractLazyGroup, CommandTable, LazyCommand
from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.storage.caches import list_caches
from zoo_core.storage.capacity import format_bytes
from zoo_core.storage.locations import data_folder

COMMANDS = {
    "check": LazyCommand(
        "Count what a dataset holds, and say what is suspicious.",
        "zoo_cli.commands.data.check:check",
    ),
    "remove": LazyCommand("Remove encoded texts.", "zoo_cli.commands.data.remove:remove"),
}


@final
class DataGroup(AbstractLazyGroup):
    """The commands of ``zoo data``."""

    def sections(self) -> Iterator[tuple[str, CommandTable]]:
        """Yields one section."""
        yield "Commands", COMMANDS


@click.group(cls=DataGroup, invoke_without_command=True)
@json_option
@click.pass_context
def data(ctx: click.Context, as_json: bool) -> None:
    """List the texts that were encoded and the files that were downloaded.

    A text of 1 MB or more is turned into ids once, which later runs read. All of it can be made or
    downloaded again.
    """
    if ctx.invoked_subcommand:
        return
    caches = list_caches()
    if as_json:
        print_json([cache._asdict() | {"path": str(cache.path)} for cache in caches])
        return
    if not caches:
        echo(f"nothing is kept in {data_folder()}", err=True)
    print_table([(cache.name, cache.kind, format_bytes(cache.size)) for cache in caches])
