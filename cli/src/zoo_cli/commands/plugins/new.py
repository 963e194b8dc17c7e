"""``zoo plugins new``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.plugins.catalog import load_catalog
from zoo_core.scaffold.new_plugin import KINDS, new_plugin
from zoo_core.scaffold.template_files import PREFIX


@click.command()
@click.argument("name")
@click.option(
    "--model", "kinds", flag_value="model", multiple=True, help="Add a model (the default)."
)
@click.option("--dataset", "kinds", flag_value="dataset", multiple=True, help="Add a dataset.")
@click.option("--trainer", "kinds", flag_value="trainer", multiple=True, help="Add a trainer.")
@click.option("--kernel", "kinds", flag_value="kernel", multiple=True, help="Add a kernel.")
@click.option("--logger", "kinds", flag_value="logger", multiple=True, help="Add a logger.")
@click.option("--command", "kinds", flag_value="command", multiple=True, help="Add a command.")
@json_option
def new(name: str, kinds: tuple[str, ...], as_json: bool) -> None:
    """Write a new plugin with tests into the folder zoo-plugin-NAME.

    NAME is in lower case letters, digits and hyphens; what the plugin adds has the same name.
    """
    from zoo_cli.main import COMMANDS

    chosen = kinds or ("model",)
    folder = new_plugin(load_catalog(), name.removeprefix(PREFIX), chosen, Path.cwd(), COMMANDS)
    files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    if as_json:
        print_json({"folder": str(folder), "brings": list(chosen), "files": files})
        return
    for path in files:
        echo(f"{folder.name}/{path}")
    short = folder.name.removeprefix(PREFIX)
    commands_to_try = {
        "model": f"zoo train {short}",
        "dataset": f"zoo train rnn-cell --dataset {short}",
        "trainer": f"zoo train rnn-cell --trainer {short}",
        "kernel": f"zoo train gru-manual --model.reset-after false --backend {short}",
        "logger": f"zoo train rnn-cell --logger {short}",
        "command": f"zoo {short} README.md",
    }
    echo(f"next: zoo plugins install --editable ./{folder.name}", err=True)
    for kind in KINDS:
        if kind in chosen:
            echo(f"      {commands_to_try[kind]}", err=True)
