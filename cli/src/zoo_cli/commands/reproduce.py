"""``zoo reproduce``."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.engine_options import engine_option, jobs_option
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.run_options import run_options
from zoo_cli.parsing.seeds import seeds_option
from zoo_cli.parsing.typed_words import RememberingCommand, command_line
from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.errors import ConfigError, Interrupted, ZooError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.recipe import Recipe, choose_recipes
from zoo_core.recipes.reproduction import FAILURES, ReproductionResult, compare, failed

if TYPE_CHECKING:
    from zoo_core.runtime.reproduction_report import ReproductionReport

QUICK_SECONDS = 60
"""Recipes that take less are quick."""


@click.command(cls=RememberingCommand)
@click.argument(
    "references", metavar="[REFERENCE ...]", nargs=-1, shell_complete=complete_reference
)
@click.option("--quick", is_flag=True, help="Train only recipes that take less than a minute.")
@seeds_option
@run_options
@jobs_option
@engine_option
@click.option(
    "--out",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder for reproduction.json, .md and .png; rows of other recipes are kept.",
)
@click.option(
    "--checkpoints",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder to keep the checkpoints in, one folder per recipe.",
)
@json_option
@click.pass_context
def reproduce(
    ctx: click.Context,
    /,
    references: tuple[str, ...],
    quick: bool,
    seeds: tuple[int, ...] | None,
    seed: int | None,
    jobs: int | None,
    engine: str | None,
    threads: int | None,
    out: Path | None,
    checkpoints: Path | None,
    as_json: bool,
    **run_choices: str,
) -> None:
    """Train recipes and compare the results with published ones.

    REFERENCE is a recipe, a model (all its recipes) or a pattern such as '*.hello'; the default
    is every recipe. zoo show RECIPE tells how long a recipe takes. The exit code is 1 if a recipe
    fails or misses the published range.

    With --seeds, --jobs or --engine, the recipes are trained as a sweep, in the folder of
    --checkpoints or one in ZOO_HOME/sweeps: the same command continues, and finished runs are
    skipped. The verdict on several seeds is about their mean, and their standard deviation is
    shown.
    """
    if seeds and seed is not None:
        raise click.UsageError("--seed and --seeds exclude each other")
    catalog = load_catalog()
    recipes = choose_recipes(catalog, references)
    if quick:
        recipes = _choose_quick(recipes)
    from zoo_core.runtime.reproduction_report import ReproductionReport
    from zoo_core.runtime.sweeps.engine import EngineOptions
    from zoo_core.runtime.sweeps.sweep import make_engine

    chosen_engine = make_engine(catalog, engine or "", EngineOptions(jobs or 0))
    report, rows = ReproductionReport(out), list[ReproductionResult]()
    if seeds or jobs or engine:
        from zoo_cli.commands.reproduce_sweep import reproduce_as_sweep

        try:
            reproduce_as_sweep(
                catalog,
                recipes,
                seeds=seeds or (() if seed is None else (seed,)),
                jobs=jobs or 0,
                engine=chosen_engine,
                threads=threads or 0,
                folder=checkpoints,
                run_choices=run_choices,
                add=lambda row: _add(row, rows, report),
                command=command_line(ctx),
            )
        except Interrupted:
            _show(sorted(rows, key=_name), as_json)
            raise
        _show_and_exit(ctx, sorted(rows, key=_name), as_json)
        return
    if len(recipes) > 1:
        echo(f"{len(recipes)} recipes{_format_duration(recipes)}", err=True)
    try:
        with tempfile.TemporaryDirectory(prefix="zoo-") as scratch:
            for number, recipe in enumerate(recipes, start=1):
                duration = _format_duration([recipe])
                echo(f"{number}/{len(recipes)} {recipe.name}{duration}", err=True)
                row = _train(
                    catalog,
                    recipe,
                    (checkpoints or Path(scratch)) / recipe.name,
                    {"seed": seed, "threads": threads or 0, **run_choices},
                    alone=len(recipes) == 1,
                    keeps_folder=checkpoints is not None,
                )
                _add(row, rows, report)
                reason = f": {row.reason}" if row.verdict == "failed" else ""
                echo(f"  {row.verdict} in {row.seconds_in_words()} s{reason}", err=True)
    except Interrupted:
        echo(f"interrupted after {len(rows)} of {len(recipes)} recipes", err=True)
        _show(rows, as_json)
        raise
    _show_and_exit(ctx, rows, as_json)


def _add(
    row: ReproductionResult, rows: list[ReproductionResult], report: ReproductionReport
) -> None:
    rows.append(report.add(row))


def _name(row: ReproductionResult) -> str:
    return row.recipe


def _show_and_exit(ctx: click.Context, rows: list[ReproductionResult], as_json: bool) -> None:
    """Shows the rows; the exit code is 1 if one of them is a failure."""
    _show(rows, as_json)
    if any(row.verdict in FAILURES for row in rows):
        ctx.exit(1)


def _choose_quick(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Returns the quick recipes and prints on stderr how many others there are.

    Raises:
        ConfigError: No recipe is quick.
    """
    quick = [
        recipe
        for recipe in recipes
        if recipe.seconds is not None and recipe.seconds < QUICK_SECONDS
    ]
    if not quick:
        names = ", ".join(recipe.name for recipe in recipes)
        raise ConfigError(f"--quick leaves no recipe: {names} may take {QUICK_SECONDS} s or more")
    if left_out := len(recipes) - len(quick):
        noun = "recipe" if left_out == 1 else "recipes"
        echo(f"--quick leaves out {left_out} {noun}; see: zoo reproduce --help", err=True)
    return quick


def _train(
    catalog: Catalog,
    recipe: Recipe,
    folder: Path,
    run_choices: dict[str, Any],
    *,
    alone: bool,
    keeps_folder: bool,
) -> ReproductionResult:
    """Trains a recipe; a failure becomes a row, unless it is the only recipe (``alone``)."""
    from datetime import UTC, datetime

    from zoo_cli.terminal.run_view import train_with_progress
    from zoo_cli.terminal.signals import GracefulInterrupt
    from zoo_core.recipes.resolve import resolve_run
    from zoo_core.run_folder.lock import lock_run_folder
    from zoo_core.runtime.checkpoints.checkpoint import check_no_checkpoint
    from zoo_core.runtime.run import Run

    start, date = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    seed = run_choices["seed"]
    if seed is None:
        seed = int(recipe.tables.get("seed", 0))
    try:
        resolved = resolve_run(catalog, f"{recipe.plugin.name}:{recipe.name}")
        run_config = resolved.run_config(**run_choices)
        with GracefulInterrupt() as interrupt, lock_run_folder(folder):
            check_no_checkpoint(folder)
            run = Run(catalog, run_config, folder)
            finished = train_with_progress(run, interrupt, keeps_folder=keeps_folder)
    except ZooError as error:
        if alone:
            raise
        return failed(recipe, str(error), seconds=time.monotonic() - start, seed=seed, date=date)
    metrics = finished.manifest.metrics
    objective = finished.manifest.objective
    return compare(recipe, metrics, objective, seconds=finished.seconds, seed=seed, date=date)


def _show(rows: Sequence[ReproductionResult], as_json: bool) -> None:
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_table(_table(rows))


def _table(rows: Sequence[ReproductionResult]) -> list[list[str]]:
    header = ["recipe", "metric (split)", "published", "ours", "verdict", "seconds"]
    return [header] + [
        [
            row.recipe,
            f"{row.metric} ({row.split})" if row.metric else "",
            row.published_in_words(),
            row.measured_in_words(),
            row.verdict,
            row.seconds_in_words(),
        ]
        for row in rows
    ]


def _format_duration(recipes: Sequence[Recipe]) -> str:
    """Returns how long the recipes take one after another, or nothing if one does not say."""
    if any(recipe.seconds is None for recipe in recipes):
        return ""
    seconds = sum(recipe.seconds or 0 for recipe in recipes)
    if seconds < 2 * 60:
        words = f"{seconds} s"
    elif seconds < 2 * 60 * 60:
        words = f"{seconds / 60:.0f} minutes"
    else:
        words = f"{seconds / 3600:.0f} hours"
    return f", about {words} on two cores"
