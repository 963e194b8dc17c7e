"""Runs as CSV, one row for each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.configs.settings import as_typed
from zoo_core.data.tables import write_csv
from zoo_core.errors import ZooError
from zoo_core.run_folder.local_runs import LocalRun
from zoo_core.run_folder.manifest import WEIGHTS, Metrics
from zoo_core.run_folder.safetensors_header import count_parameters
from zoo_core.sweeps.run_states import RunResult, SweepRun, result_of

COLUMNS = (
    "name",
    "path",
    "model",
    "recipe",
    "dataset",
    "seed",
    "state",
    "parameters",
    "epochs",
    "tokens",
    "seconds",
    "tokens_per_second",
)
"""The columns of every table; those of settings and metrics follow."""


@final
class CsvRow(NamedTuple):
    """A run as a row of a table.

    Args:
        values: Its values by column, in the order of ``COLUMNS``.
        settings: What a sweep varies, by flat key.
        metrics: The metrics of the best weights, such as ``validation.loss``.
    """

    values: dict[str, Any]
    settings: dict[str, Any]
    metrics: dict[str, Any]


def local_run_row(run: LocalRun) -> CsvRow:
    """Returns the row of a local run."""
    config = run.run_config
    dataset, seed = (config.dataset, config.seed) if config else ("", "")
    names = [run.name, str(run.path), run.model, run.recipe, dataset, seed, run.state]
    return _row(names, run.path, result_of(run.path), {})


def sweep_run_row(run: SweepRun) -> CsvRow:
    """Returns the row of a run of a sweep."""
    path = str(run.path.absolute())
    names = [run.name, path, run.model, run.recipe, run.dataset, run.seed, run.state]
    settings = {key: as_typed(value) for key, value in run.settings.items()}
    return _row(names, run.path, run, settings)


def runs_to_csv(rows: Sequence[CsvRow]) -> str:
    """Returns runs as CSV with a header; a value that a run lacks is empty."""
    settings = dict.fromkeys(key for row in rows for key in row.settings)
    metrics = dict.fromkeys(key for row in rows for key in row.metrics)
    columns = [*COLUMNS, *settings, *metrics]
    tables = [row.values | row.settings | row.metrics for row in rows]
    cells = [[table.get(column, "") for column in columns] for table in tables]
    return write_csv(columns, cells).decode("utf-8", "surrogateescape")


def _row(
    names: Sequence[object], folder: Path, result: RunResult | SweepRun, settings: dict[str, Any]
) -> CsvRow:
    numbers = [
        _parameters(folder),
        result.epochs or "",
        result.tokens or "",
        result.seconds or "",
        result.tokens_per_second or "",
    ]
    values = dict(zip(COLUMNS, [*names, *numbers], strict=True))
    return CsvRow(values, settings, _flat(result.metrics))


def _flat(metrics: Metrics) -> dict[str, float]:
    return {f"{split}.{key}": value for split, row in metrics.items() for key, value in row.items()}


def _parameters(folder: Path) -> int | str:
    """Returns the number of trained parameters; nothing without weights that can be read."""
    try:
        return count_parameters(folder / WEIGHTS)
    except ZooError:
        return ""
