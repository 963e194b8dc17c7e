"""``zoo completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from zoo_cli.terminal.output import echo


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def completion(shell: str) -> None:
    """Print the script that completes zoo's commands, models and settings in a shell.

    SHELL is bash, zsh, fish or powershell.

    bash: add to ~/.bashrc: eval "$(zoo completion bash)"

    zsh: add to ~/.zshrc: eval "$(zoo completion zsh)"

    fish: run: zoo completion fish > ~/.config/fish/completions/zoo.fish

    powershell: add to $PROFILE: zoo completion powershell | Out-String | Invoke-Expression
    """
    from zoo_cli.main import COMPLETION, zoo

    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(
            f"the installed click cannot complete in {shell}: pip install 'click>=8.5'"
        )
    echo(completion_class(zoo, {}, "zoo", COMPLETION).source())
