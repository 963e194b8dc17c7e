"""``zoo pull``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.plugins.catalog import load_catalog


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder to copy the checkpoint to.  [default: the Hub's cache, or its package]",
)
@registry_option
@json_option
def pull(reference: str, target: Path | None, as_json: bool) -> None:
    """Download a pretrained checkpoint.

    CHECKPOINT is hub:OWNER/REPO[@REVISION] or a name in the registry. A branch is resolved to its
    commit, which is printed. The size and hash of every file are checked.
    """
    catalog = load_catalog()
    from zoo_core.run_folder.integrity import copy_checkpoint, validate_checkpoint_files
    from zoo_core.runtime.locate import find_folder

    folder = find_folder(catalog, reference)
    if target:
        copy_checkpoint(folder, target)
    else:
        validate_checkpoint_files(folder)
    location = (target or folder).absolute()
    if as_json:
        print_json({"checkpoint": str(location)} | _origin(folder))
    else:
        echo(f"checkpoint: {location}")


def _origin(folder: Path) -> dict[str, str]:
    """Returns the repo and the commit of a checkpoint from the Hub."""
    if folder.parent.name != "snapshots":
        return {}
    from zoo_core.runtime.hub.cache import commit_of

    commit = commit_of(folder)
    return {"repo": commit.repo, "revision": commit.sha} if commit else {}
