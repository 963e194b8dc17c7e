"""Command groups that import a command only when it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias, final

import click

from zoo_core.errors import AmbiguousError, PluginError
from zoo_core.escaping import printable


@final
class LazyCommand(NamedTuple):
    """A command that has not been imported yet.

    Args:
        summary: What the command does, in one line.
        target: Import string of the click command.
        claimants: The plugins that claim the name, in words, if more than one does.
    """

    summary: str
    target: str
    claimants: str = ""


CommandTable: TypeAlias = Mapping[str, LazyCommand]


@final
class EscapingFormatter(click.HelpFormatter):
    """Escapes the text of plugins on a help page, which click prints itself."""

    def getvalue(self) -> str:
        """Returns the page."""
        return printable(super().getvalue())


@final
class EscapingContext(click.Context):
    """The context of every command."""

    formatter_class = EscapingFormatter


class AbstractLazyGroup(click.Group, ABC):
    """A group whose help page imports none of its commands."""

    context_class = EscapingContext

    @abstractmethod
    def sections(self) -> Iterator[tuple[str, CommandTable]]:
        """Yields the title and the commands of each section of the help page.

        A command is looked up in one section after the other, so the table of a later section is
        built only if the earlier ones lack the command.
        """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of all commands, section by section."""
        return [name for _, table in self.sections() for name in table]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command; returns None if there is no command of that name.

        Raises:
            AmbiguousError: Two plugins offer the command.
            PluginError: The target cannot be imported, or is not a click command.
        """
        from zoo_core.plugins.import_strings import resolve

        for _, table in self.sections():
            if command := table.get(cmd_name):
                if command.claimants:
                    raise AmbiguousError(
                        f"command {cmd_name!r} is offered by {command.claimants}: uninstall one"
                    )
                return _check_command(command.target, resolve(command.target))
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolves a command as click does, and suggests similar names for a misspelt one."""
        name = args[0]
        if not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            from zoo_cli.parsing.usage_errors import unknown_command

            ctx.fail(unknown_command(name, ctx))
        return super().resolve_command(ctx, args)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Completes the name of a command, without importing it as click does, or of an option."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=row.summary)
            for _, table in self.sections()
            for name, row in table.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the sections of the help page."""
        for title, table in self.sections():
            if table:
                with formatter.section(title):
                    formatter.write_dl([(name, row.summary) for name, row in table.items()])


def _check_command(target: str, imported: object) -> click.Command:
    if not isinstance(imported, click.Command):
        from zoo_core.plugins.import_strings import owner_of

        raise PluginError(f"{target} is not a click command: fix {owner_of(target)}")
    imported.context_class = EscapingContext
    return imported
