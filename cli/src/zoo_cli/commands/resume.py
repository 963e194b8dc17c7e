"""``zoo resume``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.folder import FolderPath
from zoo_cli.terminal.output import json_option


@click.command()
@click.argument("folder", metavar="DIR", type=FolderPath())
@click.option("--force", is_flag=True, help="Go on although data or versions have changed.")
@json_option
def resume(folder: Path, force: bool, as_json: bool) -> None:
    """Go on with an interrupted run.

    The result is bit for bit that of a run never interrupted.
    """
    from zoo_cli.terminal.run_view import carry_out
    from zoo_cli.terminal.signals import Patience
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.run_folder.lock import lock_run_folder
    from zoo_core.runtime.resume import resume as resumed

    catalog = load_catalog()
    with Patience() as patience, lock_run_folder(folder):
        run = resumed(catalog, folder, force=force)
        carry_out(run, catalog, patience=patience, as_json=as_json)
