"""Loading of the checkpoint that a command names."""

from __future__ import annotations

import click

from zoo_core.plugins.catalog import load_catalog
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, read_checkpoint
from zoo_core.runtime.locate import find_folder


def load_checkpoint(reference: str) -> Checkpoint:
    """Loads a checkpoint; prints warnings, and the commit that a branch means, on stderr."""
    catalog = load_catalog()
    folder = find_folder(catalog, reference, lambda remark: click.echo(remark, err=True))
    checkpoint = read_checkpoint(catalog, folder)
    for remark in checkpoint.remarks:
        click.echo(remark, err=True)
    return checkpoint
