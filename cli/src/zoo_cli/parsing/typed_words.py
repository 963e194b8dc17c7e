"""The words of a command line, for a message that repeats it."""

from __future__ import annotations

from typing import final

import click

from zoo_core.escaping import shell_command

_TYPED = "zoo_cli.typed"


def remember_words(ctx: click.Context, args: list[str]) -> None:
    """Keeps the arguments of a command, before they are parsed."""
    ctx.meta[_TYPED] = list(args)


def typed_words(ctx: click.Context) -> list[str]:
    """Returns the arguments of a command as they were typed."""
    words: list[str] = ctx.meta[_TYPED]
    return list(words)


def command_line(ctx: click.Context) -> str:
    """Returns the command as it was typed, quoted for a shell."""
    return shell_command(*ctx.command_path.split(), *ctx.meta[_TYPED])


def with_options(ctx: click.Context, *options: str) -> list[str]:
    """Returns the words of a command with options that override those that were typed."""
    words = typed_words(ctx)
    end = words.index("--") if "--" in words else len(words)
    return [*words[:end], *options, *words[end:]]


@final
class RememberingCommand(click.Command):
    """A command that remembers its words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments."""
        remember_words(ctx, args)
        return super().parse_args(ctx, args)
