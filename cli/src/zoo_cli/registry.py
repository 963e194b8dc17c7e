"""``zoo registry``: verify and add."""

from __future__ import annotations

from pathlib import Path

import click
from zoo_core.catalog import load_catalog
from zoo_core.errors import IntegrityError
from zoo_core.registry import load_registry, registry_path
from zoo_core.registry_file import HUB

from zoo_cli.output import json_option, print_json, print_table


@click.group()
def registry() -> None:
    """Look after registry.toml: which pretrained checkpoints exist, every file pinned by hash."""


@registry.command()
@click.option("--online", is_flag=True, help="Ask the Hub for the files of its checkpoints too.")
@json_option
def verify(online: bool, as_json: bool) -> None:
    """Verify that every entry is well-formed and that every file at hand has its hash.

    Exit code 4 if a file has another one.
    """
    catalog = load_catalog()
    entries = load_registry(catalog)
    from zoo_core.runtime.locate import verify_entry

    rows = []
    for entry in entries.values():
        if HUB.fullmatch(entry.source) and not online:
            rows.append((entry.name, "skipped", "on the Hub; --online asks for it"))
            continue
        try:
            count = verify_entry(entry)
            rows.append((entry.name, "ok", f"{count} files have their hashes"))
        except IntegrityError as error:
            rows.append((entry.name, "failed", str(error)))
    if as_json:
        names = ("name", "verdict", "said")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(rows)
    if failed := [row for row in rows if row[1] == "failed"]:
        raise IntegrityError(f"{failed[0][0]}: {failed[0][2]}")


@registry.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("source", metavar="SOURCE")
@click.option("--revision", metavar="SHA", default="", help="The commit of a Hub source.")
@click.option("--license", "licence", default="other", show_default=True, help="Of the weights.")
@click.option("--name", default="", metavar="MODEL.TAG", help="By default the recipe's.")
@click.option(
    "--registry", "path", metavar="FILE", type=click.Path(path_type=Path), help="Which file."
)
def add(
    folder: Path, source: str, revision: str, licence: str, name: str, path: Path | None
) -> None:
    """Add a checkpoint's entry to the registry, or renew it.

    SOURCE is where it lies for others: package:PACKAGE/PATH or hub:OWNER/REPO with --revision.
    """
    from zoo_core.registry_entry import add_entry, entry_text, make_entry

    entry = make_entry(folder, source, revision=revision, license=licence, name=name)
    target = path or registry_path()
    replaced = add_entry(target, entry)
    click.echo(f"{'renewed in' if replaced else 'added to'} {target}", err=True)
    click.echo(entry_text(entry), nl=False)
