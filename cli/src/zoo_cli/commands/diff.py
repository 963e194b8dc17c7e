"""``zoo diff``."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import json_option, print_json, print_table

WIDEST = 60
"""Characters of a value that the table shows."""


@click.command()
@click.argument("first", metavar="A", shell_complete=complete_reference)
@click.argument("second", metavar="B", shell_complete=complete_reference)
@registry_option
@json_option
def diff(first: str, second: str, as_json: bool) -> None:
    """Show what differs between two checkpoints: settings, data, versions, metrics, weights."""
    from zoo_cli.terminal.checkpoint import load_checkpoint
    from zoo_core.runtime.checkpoints.difference import differences

    found = differences(load_checkpoint(first), load_checkpoint(second))
    if as_json:
        print_json([each._asdict() for each in found])
    elif found:
        print_table([("", first, second), *([_shortened(cell) for cell in each] for each in found)])
    else:
        click.echo("no difference", err=True)


def _shortened(value: str) -> str:
    return value if len(value) <= WIDEST else value[: WIDEST - 1] + "…"
