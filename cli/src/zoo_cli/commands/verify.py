"""``zoo verify``."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.terminal.output import json_option, print_json, print_table
from zoo_core.errors import IntegrityError
from zoo_core.plugins.catalog import load_catalog


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@json_option
def verify(reference: str, as_json: bool) -> None:
    """Check the files, weights and metrics of a checkpoint.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    Metrics are measured again if the data is available and unchanged. The exit code is 4 if a
    check fails, 6 if the run is unfinished and 7 if a plugin is missing.
    """
    catalog = load_catalog()
    from zoo_core.runtime.checkpoints.verification import verify as verify_checkpoint
    from zoo_core.runtime.locate import find_folder

    folder = find_folder(catalog, reference)
    results = list(verify_checkpoint(catalog, folder))
    if as_json:
        names = ("what", "verdict", "said")
        print_json([dict(zip(names, result, strict=True)) for result in results])
    else:
        print_table(results)
    if failed := [result for result in results if result.verdict == "failed"]:
        raise IntegrityError(f"{reference}: {failed[0].what}: {failed[0].message}")
