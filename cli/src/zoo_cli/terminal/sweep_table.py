"""The runs of a sweep as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zoo_cli.terminal.output import format_metrics
from zoo_core.data.splits import main_split
from zoo_core.sweeps.run_states import SweepRun


def sweep_table(runs: Iterable[SweepRun]) -> list[list[str]]:
    """Returns a table of runs with a header."""
    rows = [["run", "state", "result", "tokens/s", "seconds"]]
    for run in runs:
        speed = f"{run.tokens_per_second:,.0f}" if run.tokens_per_second else ""
        seconds = f"{run.seconds:.1f}" if run.seconds else ""
        rows.append([run.name, run.state, format_result(run.metrics), speed, seconds])
    return rows


def format_result(metrics: dict[str, dict[str, float]]) -> str:
    """Returns the metrics of the split that measures a run, in one line."""
    split = main_split(metrics)
    return f"{split} {format_metrics(metrics[split])}" if split else ""


def sweep_run_values(run: SweepRun) -> dict[str, Any]:
    """Returns a run of a sweep as JSON shows it."""
    return {
        "name": run.name,
        "path": str(run.path.absolute()),
        "model": run.model,
        "recipe": run.recipe,
        "dataset": run.dataset,
        "seed": run.seed,
        "settings": run.settings,
        "state": run.state,
        "reason": run.reason,
        "metrics": run.metrics,
        "epochs": run.epochs,
        "tokens": run.tokens,
        "seconds": run.seconds,
        "tokens_per_second": run.tokens_per_second,
    }
