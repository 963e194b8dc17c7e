"""``zoo completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the lines that make a shell complete zoo's commands, models and settings.

    For bash: eval "$(zoo completion bash)"
    """
    from zoo_cli.main import COMPLETION, zoo

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells"
    click.echo(kind(zoo, {}, "zoo", COMPLETION).source())
