"""The tables of a report: results, settings and facts side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple, final

from zoo_core.comparisons.run_record import RunRecord
from zoo_core.configs.settings import as_typed
from zoo_core.data.splits import SELECTION_ORDER
from zoo_core.run_folder.machine_record import read_machine
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_report.groups import Group, mean_and_deviation

ABSENT = "–"
"""The cell of a setting that a model does not have."""


@final
class Cell(NamedTuple):
    """A cell of a table.

    Args:
        text: What it shows.
        is_marked: Whether it is the best of its column, or unlike most of its row.
    """

    text: str
    is_marked: bool = False


@final
class Results(NamedTuple):
    """The results of the groups on one split.

    Args:
        split: The split.
        columns: The titles of the columns.
        rows: The cells of each group.
    """

    split: str
    columns: list[str]
    rows: list[list[Cell]]


@final
class SideBySide(NamedTuple):
    """Facts of the groups side by side.

    Args:
        different: The names of those that differ, with a cell for each group.
        same: The names of those that do not, with their value.
    """

    different: list[tuple[str, list[Cell]]]
    same: list[tuple[str, str]]


def results(groups: Sequence[Group]) -> list[Results]:
    """Returns a table of metrics for each split, first of those that all runs were measured on."""
    runs = [run for group in groups for run in group.runs]
    measured = {split: [run for run in runs if split in run.metrics] for split in SELECTION_ORDER}
    splits = sorted(measured, key=lambda split: len(measured[split]) < len(runs))
    return [_results(split, groups) for split in splits if measured[split]]


def costs(groups: Sequence[Group]) -> Results:
    """Returns the table of what the groups cost: parameters, epochs, targets and time."""
    columns: dict[str, Callable[[RunRecord], float | None]] = {
        "parameters": lambda run: run.parameters,
        "epochs": lambda run: len(run.curve) or None,
        "targets predicted": lambda run: run.tokens,
        "seconds of training": lambda run: run.training_seconds,
        "targets per second": _speed,
    }
    rows = []
    for group in groups:
        cells = [_mean_of(group, value) for value in columns.values()]
        rows.append([Cell(ABSENT if mean is None else quantity(mean)) for mean in cells])
    return Results("", list(columns), rows)


def _speed(run: RunRecord) -> float | None:
    return run.tokens / run.training_seconds if run.training_seconds else None


def _mean_of(group: Group, value: Callable[[RunRecord], float | None]) -> float | None:
    values = [value(run) for run in group.runs]
    known = [number for number in values if number is not None]
    return fmean(known) if len(known) == len(values) else None


def _results(split: str, groups: Sequence[Group]) -> Results:
    names = list(
        dict.fromkeys(
            name for group in groups for run in group.runs for name in run.metrics.get(split, {})
        )
    )
    measured = [
        [
            [run.metrics[split][name] for run in group.runs if name in run.metrics.get(split, {})]
            for name in names
        ]
        for group in groups
    ]
    means = [[mean_and_deviation(values) if values else None for values in row] for row in measured]
    best = [
        _best([row[position] for row in means], _directions(groups, name))
        for position, name in enumerate(names)
    ]
    rows = [[_metric_cell(*pair) for pair in zip(row, best, strict=True)] for row in means]
    return Results(split, [name.replace("_", " ") for name in names], rows)


def _directions(groups: Sequence[Group], name: str) -> set[str]:
    """Returns the better directions of a metric: ``min``, ``max``; none if it has no direction."""
    objectives = [group.runs[0].objective for group in groups]
    return {objective.directions.get(name, "") for objective in objectives}


def _best(
    column: Sequence[tuple[float, float | None] | None], directions: set[str]
) -> float | None:
    """Returns the best mean of a column; None if there is nothing to choose from."""
    means = [found[0] for found in column if found]
    if len(means) < 2:
        return None
    if directions == {"min"}:
        return min(means)
    return max(means) if directions == {"max"} else None


def _metric_cell(found: tuple[float, float | None] | None, best: float | None) -> Cell:
    if found is None:
        return Cell(ABSENT)
    mean, deviation = found
    text = f"{mean:.4g}" if deviation is None else f"{mean:.4g} ± {deviation:.2g}"
    return Cell(text, mean == best)


def quantity(value: float) -> str:
    """Returns a number of things or seconds, with as many digits as are of use."""
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"


def settings(groups: Sequence[Group]) -> SideBySide:
    """Returns the settings of the groups, seeds included, in the words of the command line."""
    return side_by_side([_settings(group) for group in groups])


def _settings(group: Group) -> dict[str, str]:
    run_config = group.runs[0].run_config
    values = {
        "model": run_config.model,
        "recipe": run_config.recipe or ABSENT,
        "dataset": run_config.dataset,
        "trainer": run_config.trainer,
        "seeds": ", ".join(map(str, group.seeds)),
    }
    for section in SECTIONS:
        for key, value in run_config.configs[section].items():
            values[f"{section}.{key.replace('_', '-')}"] = as_typed(value)
    return values | _run_options(run_config)


def _run_options(run_config: RunConfig) -> dict[str, str]:
    options = {"precision": run_config.precision}
    if run_config.budget:
        options["budget"] = f"{run_config.budget:g} s"
    if run_config.token_budget:
        options["budget of tokens"] = f"{run_config.token_budget:,}"
    if run_config.compile:
        options["compile"] = "true"
    if run_config.source:
        options["from"] = run_config.source
        options["unknown"] = run_config.unknown
    return options


def environment(groups: Sequence[Group]) -> SideBySide:
    """Returns machine, device, threads, versions and data of the groups."""
    return side_by_side([_environment(group) for group in groups])


def _environment(group: Group) -> dict[str, str]:
    facts: dict[str, dict[str, None]] = {}
    for run in group.runs:
        config = run.run_config
        values = {
            **read_machine(run.folder),
            "device": config.device,
            "backend": config.backend,
            "threads": str(config.threads),
            "processes": str(config.processes),
            **read_manifest(run.folder).versions,
            "fingerprint of the data": run.fingerprint[:16],
        }
        for name, value in values.items():
            facts.setdefault(name, {})[value] = None
    return {name: ", ".join(values) for name, values in facts.items()}


def side_by_side(columns: Sequence[dict[str, str]]) -> SideBySide:
    """Returns the facts of columns, those that differ apart from those that do not."""
    different, same = [], []
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [column.get(name, ABSENT) for column in columns]
        if len(set(values)) > 1:
            usual = Counter(values).most_common(1)[0][0]  # of equally frequent ones the first
            different.append((name, [Cell(value, value != usual) for value in values]))
        else:
            same.append((name, values[0]))
    return SideBySide(different, same)
