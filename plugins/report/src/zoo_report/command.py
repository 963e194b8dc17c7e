"""``zoo report``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.new_file import NewFile
from zoo_cli.terminal.output import echo, json_option, print_json


@click.command()
@click.argument(
    "folders", metavar="DIR ...", nargs=-1, required=True, type=FolderPath(takes_runs=True)
)
@click.option(
    "--to",
    metavar="FILE.html",
    type=NewFile(".html", synonyms=(".htm",)),
    required=True,
    help="File of the report.",
)
@click.option("--title", default="", help="Title of the report.  [default: models and datasets]")
@click.option("--overwrite", is_flag=True, help="Replace the file.")
@json_option
def report(folders: tuple[Path, ...], to: Path, title: str, overwrite: bool, as_json: bool) -> None:
    """Write a report on runs as one HTML page, which opens from disk and needs no network.

    DIR is a checkpoint folder, the name of a run, a sweep, or a folder of these. Runs that differ
    in their seeds alone share a curve, with a band of one standard deviation.
    """
    from zoo_core.comparisons.find_runs import find_runs
    from zoo_core.storage.atomic import check_new_file, write_file
    from zoo_report.runs_page import page_of

    check_new_file(to, overwrite=overwrite)
    found = find_runs(folders)
    page = page_of(folders, found, title).encode()
    write_file(to, page)
    if as_json:
        print_json({"path": str(to.absolute()), "bytes": len(page), "runs": len(found.runs)})
    else:
        echo(str(to))
