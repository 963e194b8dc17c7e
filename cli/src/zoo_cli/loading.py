"""Loading the checkpoint that a command was given."""

from __future__ import annotations

import click
from zoo_core.catalog import load_catalog
from zoo_core.runtime.checkpoint import Checkpoint
from zoo_core.runtime.locate import load


def load_checkpoint(reference: str) -> Checkpoint:
    """The checkpoint; says so on stderr if its run did not reach its end."""
    checkpoint = load(load_catalog(), reference)
    if not checkpoint.finished:
        folder = checkpoint.folder
        click.echo(f"{folder} is unfinished: using its best weights so far", err=True)
    return checkpoint
