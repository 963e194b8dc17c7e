"""``zoo runs``."""

from __future__ import annotations

import click

from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import echo, format_metrics, json_option, print_json, print_table
from zoo_core.data.splits import main_split
from zoo_core.run_folder.local_runs import find_run, list_runs, remove_run
from zoo_core.storage.capacity import format_bytes
from zoo_core.storage.locations import runs_folder


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def runs(ctx: click.Context, as_json: bool) -> None:
    """List the local runs with their state, metrics and size."""
    if ctx.invoked_subcommand:
        return
    local_runs = list_runs()
    if as_json:
        print_json([run._asdict() | {"path": str(run.path)} for run in local_runs])
        return
    if not local_runs:
        echo(f"no runs in {runs_folder()}; start one: zoo train lstm-embed", err=True)
    rows = []
    for run in local_runs:
        split = main_split(run.metrics)
        metrics = f"{split} {format_metrics(run.metrics[split])}" if split else ""
        rows.append((run.name, run.state, format_bytes(run.size), metrics))
    print_table(rows)


@runs.command()
@click.argument("names", metavar="NAME ...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def remove(names: tuple[str, ...], yes: bool) -> None:
    """Delete local runs for good."""
    local_runs = [find_run(name) for name in names]
    confirm((f"- {run.name} ({format_bytes(run.size)})" for run in local_runs), yes)
    for run in local_runs:
        remove_run(run)
        echo(f"removed {run.name} ({format_bytes(run.size)})", err=True)
