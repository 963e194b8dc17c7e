"""``zoo evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from zoo_cli.parsing.completion_items import complete_dataset, complete_reference, complete_split
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.precision import use_precision_option
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.setting_options import Sections, SettingsCommand
from zoo_cli.terminal.output import (
    echo,
    format_metrics,
    json_option,
    print_json,
    print_table,
    shorten,
)

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
    from zoo_core.runtime.training.evaluation import Evaluation
    from zoo_core.runtime.training.report import Cell, Table

CHECKPOINT = "zoo.checkpoint"
MAX_ROWS, MAX_COLUMNS, MAX_NAME = 40, 13, 20
"""Rows and columns of a table to print, and columns of a terminal that a name in it takes."""


def find_settings(ctx: click.Context, names: Mapping[str, str]) -> Sections:
    """Returns the settings of the dataset to evaluate on.

    Their defaults are the checkpoint's own, or those of the dataset that ``--dataset`` names.
    """
    if "reference" not in names:
        return {}
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime.locate import load_checkpoint

    checkpoint = load_checkpoint(load_catalog(), names["reference"])
    checkpoint = checkpoint.with_dataset(names.get("dataset", ""))
    ctx.meta[CHECKPOINT] = checkpoint
    return {"dataset": checkpoint.dataset_settings()}


@click.command(cls=SettingsCommand, find_settings=find_settings, named="a checkpoint")
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--dataset",
    metavar="NAME",
    type=GivenText(),
    shell_complete=complete_dataset,
    help="Dataset to evaluate on.  [default: the checkpoint's own]",
)
@click.option(
    "--unknown",
    metavar="POLICY",
    type=GivenText(),
    help="What to do with symbols outside the vocabulary: error, skip or replace=C.  "
    "[default: as in training]",
)
@click.option(
    "--split",
    metavar="NAME",
    type=GivenText(),
    shell_complete=complete_split,
    help="Split to evaluate on: train, validation or test.  [default: all held-out splits]",
)
@use_precision_option
@registry_option
@json_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    settings: dict[str, dict[str, object]],
    reference: str,
    dataset: str | None,
    split: str | None,
    unknown: str | None,
    precision: str,
    as_json: bool,
) -> None:
    """Measure the metrics of a checkpoint on its own data or on another dataset.

    In another precision than fp32, the metrics in fp32 and the differences are printed too.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    """
    from zoo_cli.terminal.progress import evaluation_progress
    from zoo_core.data.splits import held_out_splits
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.errors import NotFoundError
    from zoo_core.runtime.checkpoints.fit import check_fit
    from zoo_core.runtime.training.evaluation import evaluation_steps, run_to_end

    loaded: Checkpoint = ctx.meta[CHECKPOINT]
    checkpoint = loaded.with_dataset(values=settings["dataset"])
    if unknown is not None:
        checkpoint = checkpoint.with_unknown_symbols(Unknown.parse(unknown))
    check_fit(checkpoint)
    data, name = checkpoint.dataset, checkpoint.run_config.dataset
    if split and split not in data.splits:
        splits = " or ".join(data.splits)
        raise NotFoundError(f"no split {split!r} in {name}; use --split {splits}")
    is_own_data = not dataset and not settings["dataset"]
    if is_own_data and data.fingerprint != checkpoint.fingerprint:
        echo(f"{name} has changed since this checkpoint was trained", err=True)
    parts = (checkpoint.evaluated_model, data, checkpoint.trainer)
    names = [split] if split else held_out_splits(data.splits)
    with evaluation_progress() as show:
        results = {
            name: run_to_end(
                evaluation_steps(*parts, name, precision=precision, with_tables=True), show
            )
            for name in names
        }
        full = {
            name: run_to_end(evaluation_steps(*parts, name), show).metrics
            for name in (names if precision != "fp32" else [])
        }
    if as_json:
        print_json(
            {
                name: _to_json(result, data.baselines(name), full.get(name))
                for name, result in results.items()
            }
        )
        return
    for number, (name, result) in enumerate(results.items()):
        if number and result.tables:
            echo()
        if name in full:
            echo(f"{name}, {precision}: {format_metrics(result.metrics)}")
            echo(f"{name}, fp32: {format_metrics(full[name])}")
            echo(f"{name}, {precision} − fp32: {format_metrics(_difference(result, full[name]))}")
        else:
            echo(f"{name}: {format_metrics(result.metrics)}")
        for baseline, metrics in data.baselines(name).items():
            echo(f"{name}, {baseline.replace('_', ' ')}: {format_metrics(metrics)}")
        for table in result.tables:
            _print_report(table)


def _difference(result: Evaluation, full: Mapping[str, float]) -> dict[str, float]:
    """Returns each metric less that in fp32."""
    return {name: value - full[name] for name, value in result.metrics.items()}


def _to_json(
    result: Evaluation,
    baselines: dict[str, dict[str, float]],
    full: dict[str, float] | None,
) -> dict[str, Any]:
    """Returns the metrics by name, and beside them each table by its name and the baselines.

    In another precision than fp32, those in fp32 and the differences stand there too.
    """
    parts: dict[str, Any] = {table.name: table.to_json() for table in result.tables}
    if baselines:
        parts["baselines"] = baselines
    if full is not None:
        parts |= {"fp32": full, "difference": _difference(result, full)}
    return result.metrics | parts


def _print_report(table: Table) -> None:
    """Prints a table that fits a terminal; a larger one is in the JSON alone."""
    if len(table.rows) > MAX_ROWS or len(table.columns) > MAX_COLUMNS:
        echo(f"the table {table.name} of {len(table.rows)} rows is large: see --json", err=True)
        return
    echo()
    rows = [[shorten(name, MAX_NAME) for name in table.columns]]
    rows += [[_cell(value) for value in row] for row in table.rows]
    print_table(rows)


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    return shorten(value, MAX_NAME) if isinstance(value, str) else f"{value:,}"
