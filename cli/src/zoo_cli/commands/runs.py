"""``zoo runs``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from zoo_cli.parsing.completion_items import complete_run
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import echo, format_metrics, json_option, print_json, print_table
from zoo_cli.terminal.runs_csv import local_run_row, runs_to_csv, sweep_run_row
from zoo_cli.terminal.sweep_table import failure_lines, sweep_run_values, sweep_table
from zoo_core.data.splits import main_split
from zoo_core.errors import NotFoundError, suggest
from zoo_core.run_folder.local_runs import (
    LocalRun,
    check_removable,
    find_run,
    list_runs,
    remove_run,
)
from zoo_core.storage.capacity import format_bytes
from zoo_core.storage.locations import runs_folder
from zoo_core.sweeps.run_states import list_sweep_runs


@click.group(invoke_without_command=True)
@click.option(
    "--sort",
    "order",
    metavar="KEY",
    type=GivenText(),
    default="name",
    show_default=True,
    help="name; date, the newest first; metric, the best main metric of its trainer first; or "
    "the name of a metric, such as accuracy, the best first.",
)
@click.option(
    "--sweep",
    "sweep_folder",
    metavar="DIR",
    type=FolderPath(),
    help="List the runs of a sweep instead, in the order of training.",
)
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Print CSV: a row for each run, with model, recipe, seed, settings of a sweep, "
    "parameters, speed and metrics.",
)
@json_option
@click.pass_context
def runs(
    ctx: click.Context, order: str, sweep_folder: Path | None, as_csv: bool, as_json: bool
) -> None:
    """List the local runs, with what differs from their recipes.

    Runs that were trained with --out are listed as long as their folder exists. The runs of a
    sweep are listed with --sweep alone.

    The columns of --csv are name, path, model, recipe, dataset, seed, state, parameters, epochs,
    tokens (targets predicted), seconds (of the training steps) and tokens_per_second, then one for
    each setting that a sweep varies, such as model.hidden_size, and one for each metric, such as
    validation.loss. A value that is not known is empty.
    """
    if ctx.invoked_subcommand:
        return
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    if sweep_folder:
        _list_sweep(sweep_folder, as_csv=as_csv, as_json=as_json)
        return
    local_runs = _sorted(list_runs(), order)
    if not local_runs and not (as_csv or as_json):
        echo(f"no runs in {runs_folder()}; start one: zoo train lstm-embed", err=True)
    if as_csv:
        echo(runs_to_csv([local_run_row(run) for run in local_runs]), nl=False)
        return
    differences = _differences(local_runs)
    if as_json:
        print_json([_row(run, differences[run.name]) for run in local_runs])
        return
    print_table([_table_row(run, differences[run.name]) for run in local_runs])


def _list_sweep(folder: Path, *, as_csv: bool, as_json: bool) -> None:
    sweep_runs = list_sweep_runs(folder)
    if as_json:
        print_json([sweep_run_values(run) for run in sweep_runs])
        return
    if as_csv:
        echo(runs_to_csv([sweep_run_row(run) for run in sweep_runs]), nl=False)
    else:
        print_table(sweep_table(sweep_runs))
    for line in failure_lines(sweep_runs):
        echo(line, err=True)


def _sorted(local_runs: list[LocalRun], order: str) -> list[LocalRun]:
    """Returns the runs in an order; those without the metric come last.

    Raises:
        NotFoundError: No run has such a metric.
    """
    if order == "name":
        return local_runs
    if order == "date":
        return sorted(local_runs, key=lambda run: -run.changed_at)
    values = {run.name: _main_metrics(run).get(_metric(run, order)) for run in local_runs}
    known = {name for run in local_runs for name in _main_metrics(run)}
    if order not in {"metric", *known}:
        choices = ["name", "date", "metric", *sorted(known)]
        hint = suggest(order, choices) or f"choose from {', '.join(choices)}"
        raise NotFoundError(f"no run has the metric {order!r}; {hint}")

    def rank(run: LocalRun) -> tuple[bool, float]:
        value = values[run.name]
        if value is None:
            return True, 0.0
        return False, -value if run.objective.higher_is_better(_metric(run, order)) else value

    return sorted(local_runs, key=rank)


def _metric(run: LocalRun, order: str) -> str:
    """Returns the metric that an order compares, which may be each run's main one."""
    return run.objective.metric if order == "metric" else order


def _main_metrics(run: LocalRun) -> dict[str, float]:
    split = main_split(run.metrics)
    return run.metrics[split] if split else {}


def _differences(local_runs: Iterable[LocalRun]) -> dict[str, list[str]]:
    """Returns what differs from the recipe, by the name of the run."""
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.recipes.differences import differences_from_recipes

    run_configs = {run.name: run.run_config for run in local_runs if run.run_config}
    found = differences_from_recipes(load_catalog(), run_configs.values())
    return {run.name: [] for run in local_runs} | dict(zip(run_configs, found, strict=True))


def _row(run: LocalRun, differences: list[str]) -> dict[str, Any]:
    return {
        "name": run.name,
        "path": str(run.path),
        "model": run.model,
        "recipe": run.recipe,
        "state": run.state,
        "metrics": run.metrics,
        "size": run.size,
        "date": _date(run).isoformat().replace("+00:00", "Z"),
        "differences": differences,
    }


def _table_row(run: LocalRun, differences: list[str]) -> tuple[str, ...]:
    split = main_split(run.metrics)
    metrics = f"{split} {format_metrics(run.metrics[split])}" if split else ""
    notes = list(differences)
    if run.path != runs_folder() / run.name:
        notes.append(f"in {run.path}")
    date = f"{_date(run):%Y-%m-%d %H:%M} UTC"
    return run.name, date, run.state, format_bytes(run.size), metrics, "; ".join(notes)


def _date(run: LocalRun) -> datetime:
    return datetime.fromtimestamp(int(run.changed_at), UTC)


@runs.command()
@click.argument("names", metavar="NAME ...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def remove(names: tuple[str, ...], yes: bool) -> None:
    """Delete local runs for good.

    NAME is a run that zoo runs lists. Its checkpoint is deleted too.
    """
    local_runs = [find_run(name) for name in names]
    for run in local_runs:
        check_removable(run)
    confirm((f"- {run.name} ({format_bytes(run.size)})" for run in local_runs), yes)
    for run in local_runs:
        remove_run(run)
        echo(f"removed {run.name} ({format_bytes(run.size)})", err=True)
