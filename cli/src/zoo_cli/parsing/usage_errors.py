"""Messages about wrong usage: one line each, with what was probably meant."""

from __future__ import annotations

import click

from zoo_core.errors import suggest
from zoo_core.escaping import shell_word

UNEXPECTED = "Got unexpected extra argument"
"""How click's message about arguments that a command does not take begins."""
TAKES_TEXT = ("--prompt", "--text", "--file")
"""Options whose value is often given without them."""
NOT_OF_TRAIN = {
    "--seeds": "zoo sweep has it",
    "--jobs": "zoo sweep has it",
    "--resume": "to continue a run: zoo resume DIR",
}
"""What to do about options that are often given to ``zoo train``, which has none of them."""


def explain_usage(error: click.ClickException) -> click.ClickException:
    """Returns an error of click's, with a remedy where there is a likely one."""
    context = getattr(error, "ctx", None)
    if context is None:
        return error
    if isinstance(error, click.NoSuchOption):
        return click.UsageError(_unknown_option(error.option_name, context), context)
    if isinstance(error, click.NoSuchCommand):
        return click.UsageError(unknown_command(error.command_name, context), context)
    if isinstance(error, click.MissingParameter):  # click lists choices one below the other
        return click.UsageError(_missing_parameter(error, context), context)
    message = error.format_message()
    if message.startswith(UNEXPECTED):
        return click.UsageError(_unexpected_arguments(message, context), context)
    return error


def unknown_command(name: str, context: click.Context) -> str:
    """Returns the message about a command that a group lacks."""
    group = context.command
    known = group.list_commands(context) if isinstance(group, click.Group) else []
    hint = suggest(name, known) or f"try: {context.command_path} --help"
    if f"--{name}" in _options(context):
        hint = f"did you mean {context.command_path} --{name}?"
    return f"no command {name!r}; {hint}"


def _options(context: click.Context) -> list[str]:
    """The options of a command."""
    return [option for param in context.command.get_params(context) for option in param.opts]


def _unknown_option(name: str, context: click.Context) -> str:
    names = _options(context)
    parts = [f"no option {name}"]
    if name.startswith("--dataset.") and "--dataset" in names:
        parts.append("--dataset NAME chooses other data, with settings of its own")
    elsewhere = NOT_OF_TRAIN.get(name) if context.info_name == "train" else None
    if hint := elsewhere or suggest(name, names):
        parts.append(hint)
    return "; ".join(parts)


def _missing_parameter(error: click.MissingParameter, context: click.Context) -> str:
    """Returns the message in one line; beside ``--from``, the model is easily left out."""
    message = " ".join(error.format_message().split())
    if source := context.params.get("source"):
        shown = shell_word(source)
        return f"{message} Name the model of the checkpoint too, which zoo show {shown} says."
    return message


def _unexpected_arguments(message: str, context: click.Context) -> str:
    """Returns the message, and the option that the arguments were probably meant for."""
    names = _options(context)
    option = next((name for name in TAKES_TEXT if name in names), "")
    if not option:
        return message
    words = message.partition("(")[2].removesuffix(")")
    return f"{message}; did you mean {option} {shell_word(words)}?"
