"""``zoo data remove``."""

from __future__ import annotations

import click

from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.storage.caches import list_caches, remove_caches
from zoo_core.storage.capacity import format_bytes


@click.command()
@click.option("--downloads", is_flag=True, help="Remove downloaded files too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def remove(downloads: bool, yes: bool, as_json: bool) -> None:
    """Remove encoded texts, which the next run makes again.

    Texts, runs and checkpoints stay.
    """
    caches = [cache for cache in list_caches() if downloads or cache.kind != "download"]
    size = sum(cache.size for cache in caches)
    if caches:
        confirm([f"{cache.name}, {format_bytes(cache.size)}" for cache in caches], yes)
        remove_caches(caches)
    if as_json:
        print_json({"removed": len(caches), "size": size})
    else:
        echo(f"removed {format_bytes(size)}" if caches else "nothing to remove")
