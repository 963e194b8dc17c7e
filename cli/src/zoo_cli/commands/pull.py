"""``zoo pull``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import json_option, print_json
from zoo_core.plugins.catalog import load_catalog


@click.command()
@click.argument("reference", shell_complete=complete_reference)
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=FolderPath(),
    help="Copy it there; else it stays in the Hub's cache, or in its package.",
)
@registry_option
@json_option
def pull(reference: str, target: Path | None, as_json: bool) -> None:
    """Get a pretrained checkpoint: hub:owner/repo@revision, or a name of the registry.

    A branch is resolved to its commit, which is shown. Every file's size and hash is checked.
    """
    catalog = load_catalog()
    from zoo_core.run_folder.integrity import copy_checkpoint, validate_checkpoint_files
    from zoo_core.runtime.locate import find_folder

    folder = find_folder(catalog, reference, lambda remark: click.echo(remark, err=True))
    if target:
        copy_checkpoint(folder, target)
    else:
        validate_checkpoint_files(folder)
    place = (target or folder).absolute()
    if as_json:
        print_json({"checkpoint": str(place)} | _origin(folder))
    else:
        click.echo(f"checkpoint: {place}")


def _origin(folder: Path) -> dict[str, str]:
    """Which commit it is, if it came from the Hub."""
    if folder.parent.name != "snapshots":
        return {}
    from zoo_core.runtime.hub.cache import commit_of

    commit = commit_of(folder)
    return {"repo": commit.repo, "revision": commit.sha} if commit else {}
