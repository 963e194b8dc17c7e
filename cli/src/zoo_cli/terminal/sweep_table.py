"""The runs of a sweep as a table and as JSON."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from zoo_cli.terminal.output import cell_width, format_metrics, is_terminal
from zoo_core.configs.settings import as_typed
from zoo_core.data.splits import main_split
from zoo_core.escaping import one_line
from zoo_core.sweeps.run_states import SweepRun

SEPARATOR = 2
"""Columns between two cells of a table."""
MAX_NAMES = 3
"""Names of runs that failed for the same reason."""


def sweep_table(runs: Sequence[SweepRun]) -> list[list[str]]:
    """Returns a table of runs with a header.

    On a terminal that is too narrow for the names of the runs, it shows what the names are made of.
    """
    rows = [["state", "result", "tokens/s", "seconds"]]
    for run in runs:
        speed = f"{run.tokens_per_second:,.0f}" if run.tokens_per_second else ""
        seconds = f"{run.seconds:.1f}" if run.seconds else ""
        rows.append([run.state, format_result(run.metrics), speed, seconds])
    names = [["run"], *([run.name] for run in runs)]
    table = _join(names, rows)
    if is_terminal(sys.stdout) and _width(table) > shutil.get_terminal_size().columns:
        return _join(name_cells(runs), rows)
    return table


def name_cells(runs: Sequence[SweepRun]) -> list[list[str]]:
    """Returns the cells that tell runs apart, below a header: seed, label, settings."""
    keys = list(dict.fromkeys(key for run in runs for key in run.settings))
    headers = [key.partition(".")[2].replace("_", "-") for key in keys]
    has_label = any(run.label for run in runs)
    rows = [["seed", *(["label"] if has_label else []), *headers]]
    for run in runs:
        label = [run.label.partition("=")[2] or run.label] if has_label else []
        values = [as_typed(run.settings[key]) if key in run.settings else "" for key in keys]
        rows.append([str(run.seed), *label, *values])
    return rows


def format_result(metrics: dict[str, dict[str, float]]) -> str:
    """Returns the metrics of the split that measures a run, in one line."""
    split = main_split(metrics)
    return f"{split} {format_metrics(metrics[split])}" if split else ""


def failure_lines(runs: Iterable[SweepRun]) -> Iterator[str]:
    """Yields a line for each reason why runs failed, with the first of their names."""
    names: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        if run.reason:
            names.setdefault((run.state, run.reason), []).append(run.name)
    for (state, reason), failed in names.items():
        more = f" and {len(failed) - MAX_NAMES} more" if len(failed) > MAX_NAMES else ""
        yield one_line(f"{', '.join(failed[:MAX_NAMES])}{more} {state}: {reason}")


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


def _join(left: list[list[str]], right: list[list[str]]) -> list[list[str]]:
    return [[*a, *b] for a, b in zip(left, right, strict=True)]


def _width(table: list[list[str]]) -> int:
    """Returns the columns of a table."""
    widths = [max(map(cell_width, column)) for column in zip(*table, strict=True)]
    return sum(widths) + SEPARATOR * (len(widths) - 1)
