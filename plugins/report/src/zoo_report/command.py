"""``zoo report``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from zoo_core.errors import TargetError
from zoo_core.escaping import printable
from zoo_core.references import shown

SUFFIXES = (".html", ".htm")
"""How the name of a page ends."""


@click.command()
@click.argument("folders", metavar="DIR ...", nargs=-1, required=True)
@click.option(
    "--to",
    metavar="FILE.html",
    required=True,
    help="File of the report.",
)
@click.option("--title", default="", help="Title of the report.  [default: models and datasets]")
@click.option("--overwrite", is_flag=True, help="Replace the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def report(folders: tuple[str, ...], to: str, title: str, overwrite: bool, as_json: bool) -> None:
    """Write a report on runs as one HTML page, which opens from disk and needs no network.

    DIR is a checkpoint folder, the name of a run, a sweep, or a folder of these. Runs that differ
    in their seeds alone share a curve, with a band of one standard deviation.
    """
    from zoo_core.comparisons.find_runs import find_runs
    from zoo_core.run_folder.local_runs import find_run_folder
    from zoo_core.storage.atomic import check_new_file, write_file
    from zoo_report.runs_page import page_of

    target = _path(to)
    if target.is_dir():
        raise TargetError(f"{target} is a folder; write --to {shown(target / 'report.html')}")
    if target.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"--to {to}: name a FILE.html")
    check_new_file(target, overwrite=overwrite)
    paths = [find_run_folder(folder) or _path(folder) for folder in folders]
    found = find_runs(paths)
    page = page_of(paths, found, title).encode()
    write_file(target, page)
    if as_json:
        facts = {"path": str(target.absolute()), "bytes": len(page), "runs": len(found.runs)}
        click.echo(json.dumps(facts, indent=2))
    else:
        click.echo(printable(str(target)))


def _path(text: str) -> Path:
    """Returns a path in which ``~`` means the home folder.

    Raises:
        click.UsageError: It is empty, as an unset variable is, or names no user.
    """
    if not text:
        raise click.UsageError("an empty path; write . for the current folder")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise click.UsageError(f"{text}: no such user; write the path without ~") from None
