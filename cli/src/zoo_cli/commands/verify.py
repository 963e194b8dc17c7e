"""``zoo verify``."""

from __future__ import annotations

import click

from zoo_cli.terminal.output import json_option, print_json, print_table
from zoo_core.errors import IntegrityError
from zoo_core.plugins.catalog import load_catalog


@click.command()
@click.argument("reference", metavar="DIR")
@json_option
def verify(reference: str, as_json: bool) -> None:
    """Verify a checkpoint: files, weights, and the metrics that it says it reached.

    The metrics are measured again where the data is at hand and has not changed. Exit code 4 if
    something is not what it should be, 6 if it is unfinished, 7 if a plugin is missing.
    """
    catalog = load_catalog()
    from zoo_core.runtime.checkpoints.verification import verify as look
    from zoo_core.runtime.locate import find_folder

    folder = find_folder(catalog, reference, lambda remark: click.echo(remark, err=True))
    findings = list(look(catalog, folder))
    if as_json:
        print_json([each._asdict() for each in findings])
    else:
        print_table(findings)
    if failed := [each for each in findings if each.verdict == "failed"]:
        raise IntegrityError(f"{reference}: {failed[0].what}: {failed[0].said}")
