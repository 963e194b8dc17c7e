"""The generated parts of these pages: hooks from the hookspecs, commands from click."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields

import click

from zoo_cli.main import COMMANDS, zoo
from zoo_core.plugins import hookspecs
from zoo_core.plugins.loading import HOOKS
from zoo_core.plugins.specs import AbstractSpec

ARGUMENT = re.compile(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", re.M | re.S)


def hooks_page() -> str:
    """Every hook with its signature and text, and the fields of what it returns."""
    return "\n".join(line for hook in HOOKS for line in _hook(hook))


def commands_page() -> str:
    """Every command with its usage, text and options, and those below it."""
    with click.Context(zoo, info_name="zoo") as context:
        return "\n".join(line for name in COMMANDS for line in _command(context, name, 2))


def _hook(name: str) -> Iterator[str]:
    function = getattr(hookspecs, name)
    yield f"## `{name}`\n"
    signature = str(inspect.signature(function)).replace("'", "")  # annotations are text
    yield f"```python\ndef {name}{signature}: ...\n```\n"
    yield f"{_plain(inspect.getdoc(function) or '')}\n"
    kind = HOOKS[name]
    if issubclass(kind, AbstractSpec):
        yield from _spec(kind)


def _spec(kind: type[AbstractSpec]) -> Iterator[str]:
    said = dict(ARGUMENT.findall(_arguments(AbstractSpec))) | dict(
        ARGUMENT.findall(_arguments(kind))
    )
    yield f"| `{kind.__name__}` | default | what it is |"
    yield "| --- | --- | --- |"
    for each in fields(kind):
        default = "must be given" if each.default is MISSING else f"`{each.default!r}`"
        yield f"| `{each.name}` | {default} | {_cell(said[each.name])} |"
    yield ""


def _arguments(kind: type[AbstractSpec]) -> str:
    return (inspect.getdoc(kind) or "").partition("Args:\n")[2]


def _command(parent: click.Context, name: str, level: int) -> Iterator[str]:
    group = parent.command
    assert isinstance(group, click.Group)
    command = group.get_command(parent, name)
    assert command is not None
    with click.Context(command, info_name=name, parent=parent) as context:
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield f"{'#' * level} `{context.command_path}`\n"
        yield f"```text\n{usage}\n```\n"
        yield f"{_plain(inspect.cleandoc(command.help or ''))}\n"
        options = [each for each in command.params if isinstance(each, click.Option)]
        if records := [record for each in options if (record := each.get_help_record(context))]:
            yield "| option | what it does |\n| --- | --- |"
            for names, text in records:
                yield f"| `{_cell(names)}` | {_cell(text)} |"
            yield ""
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                yield from _command(context, each, level + 1)


def _plain(text: str) -> str:
    """Text of a docstring, which marks code with two backticks where Markdown has one."""
    return text.replace("``", "`")


def _cell(text: str) -> str:
    """Text as a cell of a table."""
    return _plain(" ".join(text.split())).replace("|", r"\|")
