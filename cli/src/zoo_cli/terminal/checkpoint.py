"""Loading the checkpoint that a command was given."""

from __future__ import annotations

import click

from zoo_core.plugins.catalog import load_catalog
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, read_checkpoint
from zoo_core.runtime.locate import find_folder


def load_checkpoint(reference: str) -> Checkpoint:
    """The checkpoint; says on stderr which commit a branch means, and what else is to be known."""
    catalog = load_catalog()
    folder = find_folder(catalog, reference, lambda remark: click.echo(remark, err=True))
    checkpoint = read_checkpoint(catalog, folder)
    for remark in checkpoint.remarks:
        click.echo(remark, err=True)
    return checkpoint
