"""Groups of commands that are tables: each command is imported when it is used."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias, final

import click

from zoo_core.errors import AmbiguousError, PluginError, suggest


@final
class Row(NamedTuple):
    """A command: what it does, in one line, where it is, and who else claims its name."""

    summary: str
    target: str
    rivals: str = ""


Table: TypeAlias = Mapping[str, Row]


class AbstractLazyGroup(click.Group, ABC):
    """A group whose help imports none of its commands."""

    @abstractmethod
    def sections(self) -> Iterator[tuple[str, Table]]:
        """Titles and commands, one section after the other; no later one is made in vain."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the sections."""
        return [name for _, table in self.sections() for name in table]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command; None if there is none of that name.

        Raises:
            AmbiguousError: Two plugins offer it.
            PluginError: It cannot be imported, or is no click command.
        """
        from zoo_core.plugins.import_strings import resolve

        for _, table in self.sections():
            if row := table.get(cmd_name):
                if row.rivals:
                    said = f"command {cmd_name!r} is offered by {row.rivals}: uninstall one"
                    raise AmbiguousError(said)
                return _command(row.target, resolve(row.target))
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest names for a typo."""
        name = args[0]
        if not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            hint = suggest(name, self.list_commands(ctx)) or f"try: {ctx.command_path} --help"
            ctx.fail(f"no command {name!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the tables without importing any command."""
        for title, table in self.sections():
            if table:
                with formatter.section(title):
                    formatter.write_dl([(name, row.summary) for name, row in table.items()])


def _command(target: str, found: object) -> click.Command:
    if not isinstance(found, click.Command):
        raise PluginError(f"{target} is no click command: mend the plugin that declares it")
    return found
