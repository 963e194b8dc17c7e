"""``zoo reproduce``."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.terminal.output import json_option, print_json, print_table, remark
from zoo_core.errors import ConfigError, Interrupted, ZooError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.recipe import Recipe, choose_recipes
from zoo_core.recipes.reproduction import FAILURES, Row, failed, judge

QUICK = 60
"""Seconds below which a recipe is quick."""


@click.command()
@click.argument(
    "references", metavar="[REFERENCE ...]", nargs=-1, shell_complete=complete_reference
)
@click.option("--quick", is_flag=True, help="Only recipes that take less than a minute.")
@click.option("--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), help="Another seed.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(1, 4096),
    help="Threads of torch.  [default: its own choice; 1 for a tiny model]",
)
@click.option(
    "--backend",
    default="auto",
    show_default=True,
    help="What runs the recurrence: auto, native, portable, torch or reference.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=FolderPath(),
    help="Write reproduction.json, .md and .png there; rows of other recipes stay.",
)
@click.option(
    "--checkpoints",
    metavar="DIR",
    type=FolderPath(),
    help="Keep the checkpoints there, a folder for each recipe.",
)
@json_option
def reproduce(
    references: tuple[str, ...],
    quick: bool,
    seed: int | None,
    threads: int | None,
    out: Path | None,
    checkpoints: Path | None,
    as_json: bool,
    **how: str,
) -> None:
    """Train recipes and compare what they reach with what was published.

    REFERENCE is a recipe, a model (all its recipes) or a pattern such as '*.hello'; none means
    every recipe. A recipe takes seconds to minutes; zoo show RECIPE says how long.
    """
    catalog = load_catalog()
    recipes = choose_recipes(catalog, references, remark)
    if quick:
        recipes = _quick(recipes)
    from zoo_cli.commands.reproduction_report import Report

    report, rows = Report(out), list[Row]()
    try:
        with tempfile.TemporaryDirectory(prefix="zoo-") as scratch:
            for number, recipe in enumerate(recipes, start=1):
                click.echo(f"{number}/{len(recipes)} {recipe.name}{_expected(recipe)}", err=True)
                folder = (checkpoints or Path(scratch)) / recipe.name
                run_config = {"seed": seed, "threads": threads or 0, **how}
                whole = {"alone": len(recipes) == 1, "kept": checkpoints is not None}
                row = _train(catalog, recipe, folder, run_config, **whole)
                rows.append(row)
                report.add(row)
                why = f": {row.reason}" if row.verdict == "failed" else ""
                click.echo(f"  {row.verdict} in {row.seconds:.0f} s{why}", err=True)
    except Interrupted:
        click.echo(f"interrupted after {len(rows)} of {len(recipes)} recipes", err=True)
        _show(rows, as_json)
        raise
    _show(rows, as_json)
    if any(row.verdict in FAILURES for row in rows):
        click.get_current_context().exit(1)


def _quick(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Those that are quick; the others are told.

    Raises:
        ConfigError: None is.
    """
    quick = [each for each in recipes if each.seconds is not None and each.seconds < QUICK]
    slow = ", ".join(each.name for each in recipes if each not in quick)
    if not quick:
        raise ConfigError(f"--quick leaves no recipe: {slow} may take {QUICK} s or more")
    if slow:
        click.echo(f"--quick leaves out {slow}", err=True)
    return quick


def _train(
    catalog: Catalog, recipe: Recipe, folder: Path, how: dict[str, Any], *, alone: bool, kept: bool
) -> Row:
    """Trains a recipe; a failure is a row of its own, unless there is no other."""
    from datetime import UTC, datetime

    from zoo_cli.terminal.run_view import follow
    from zoo_cli.terminal.signals import Patience
    from zoo_core.recipes.resolve import resolve_run
    from zoo_core.run_folder.lock import lock_run_folder
    from zoo_core.runtime.checkpoints.checkpoint import check_no_checkpoint
    from zoo_core.runtime.run import Run

    began, date = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    seed = int(recipe.tables.get("seed", 0) if how["seed"] is None else how["seed"])
    try:
        run_config = resolve_run(catalog, f"{recipe.plugin.name}:{recipe.name}").run_config(**how)
        with Patience() as patience, lock_run_folder(folder):
            check_no_checkpoint(folder)
            finished = follow(Run(catalog, run_config, folder), patience, kept=kept)
    except ZooError as error:
        if alone:
            raise
        return failed(recipe, str(error), seconds=time.monotonic() - began, seed=seed, date=date)
    metrics = finished.manifest.metrics
    return judge(recipe, metrics, seconds=finished.seconds, seed=seed, date=date)


def _show(rows: Sequence[Row], as_json: bool) -> None:
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_table(_table(rows))


def _table(rows: Sequence[Row]) -> list[list[str]]:
    head = ["recipe", "metric (split)", "published", "ours", "verdict", "seconds"]
    return [head] + [
        [
            row.recipe,
            f"{row.metric} ({row.split})" if row.metric else "",
            row.published_in_words(),
            row.ours_in_words(),
            row.verdict,
            f"{row.seconds:.0f}",
        ]
        for row in rows
    ]


def _expected(recipe: Recipe) -> str:
    return "" if recipe.seconds is None else f", about {recipe.seconds} s on two cores"
