"""``zoo plugins search``."""

from __future__ import annotations

import click

from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.installer.packages import installed_version
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.index import search_plugins


@click.command()
@click.argument("word", default="")
@registry_option
@json_option
def search(word: str, as_json: bool) -> None:
    """Search known plugins for a word in their name, summary or contributions.

    Without WORD, all known plugins are listed. They are read from registry.toml, not from the
    network.
    """
    rows = [
        known._asdict() | {"installed": installed_version(known.distribution)}
        for known in search_plugins(word, load_catalog().registries)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        [(row["distribution"], row["installed"] or "not installed", row["summary"]) for row in rows]
    )
    if not rows:
        echo(f"no known plugin has {word!r}; zoo plugins search lists all", err=True)
    elif missing := [row["distribution"] for row in rows if not row["installed"]]:
        echo(f"to install it: zoo plugins install {missing[0]}", err=True)
