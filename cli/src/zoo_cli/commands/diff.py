"""``zoo diff``."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json, print_table

MAX_WIDTH = 60
"""Characters of a value that the table shows."""


@click.command()
@click.argument("first", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.argument("second", metavar="CHECKPOINT", shell_complete=complete_reference)
@registry_option
@json_option
def diff(first: str, second: str, as_json: bool) -> None:
    """Compare the settings, data, versions, metrics and weights of two checkpoints.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    """
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime.checkpoints.difference import differences
    from zoo_core.runtime.locate import load_checkpoint

    catalog = load_catalog()
    rows = differences(load_checkpoint(catalog, first), load_checkpoint(catalog, second))
    if as_json:
        print_json([row._asdict() for row in rows])
    elif rows:
        table = [[_shorten(cell) for cell in row] for row in rows]
        print_table([("", first, second), *table])
    else:
        echo("no difference", err=True)


def _shorten(value: str) -> str:
    return value if len(value) <= MAX_WIDTH else value[: MAX_WIDTH - 1] + "…"
