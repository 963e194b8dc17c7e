"""``zoo compare``."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import click

from zoo_cli.parsing.completion_items import complete_dataset, complete_device, complete_reference
from zoo_cli.parsing.engine_options import engine_option
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.ranges import IntegerRange, NumberRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.seeds import Seeds
from zoo_cli.parsing.setting_options import FIRST_PASS, Sections, SettingsCommand
from zoo_cli.parsing.source_options import budget_option
from zoo_cli.parsing.typed_words import command_line
from zoo_cli.terminal.output import MAX_CELLS, echo, json_option, print_json, print_table
from zoo_core.comparisons.formats import (
    difference_lines,
    explain,
    table_rows,
    target_rows,
    to_csv,
    to_json,
)
from zoo_core.comparisons.matrix import matrix_csv, matrix_json, matrix_tables
from zoo_core.comparisons.text_plot import text_plot
from zoo_core.configs.settings import Setting
from zoo_core.escaping import one_line
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.commands import shared_function
from zoo_core.plugins.specs import CommandSpec
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import MAX_THREADS, SECTIONS

if TYPE_CHECKING:
    from zoo_core.comparisons.comparison import Comparison
    from zoo_core.comparisons.matrix import Matrix
    from zoo_core.runtime.comparisons.contest import Contest
    from zoo_core.runtime.sweeps.engine import AbstractEngine
    from zoo_core.sweeps.run_states import SweepRun

REPORT = "zoo-report"
"""The distribution of ``zoo report``."""
MAX_TARGET = 1e9
MAX_TOKENS = 10**15
MAX_EPOCHS = 1_000_000
TRAINING = ("seeds", "budget", "epochs", "tokens")
"""The options with which models are trained."""
PLAN = "zoo.plan"


@final
@dataclass(frozen=True)
class _Plan:
    """What the references of a command are.

    Args:
        catalog: The installed plugins.
        models: Models and recipes to train.
        others: Runs and folders that are there already.
    """

    catalog: Catalog
    models: list[str]
    others: list[str]


def find_settings(ctx: click.Context, names: Mapping[str, str]) -> Sections:
    """Returns the settings that all models have which are to be trained."""
    references: Sequence[str] = ctx.meta[FIRST_PASS].get("references") or ()
    catalog = load_catalog()
    if not references or not any(ctx.meta[FIRST_PASS].get(name) for name in TRAINING):
        ctx.meta[PLAN] = _Plan(catalog, [], list(references))
        return {}
    from zoo_core.runtime.comparisons.contest import expand, is_trained

    references = expand(catalog, references)
    models = [reference for reference in references if is_trained(catalog, reference)]
    ctx.meta[PLAN] = _Plan(catalog, models, [name for name in references if name not in models])
    runs = [resolve_run(catalog, model, dataset=names.get("dataset", "")) for model in models]
    return {
        section: _common([run.settings(section) for run in runs]) for section in SECTIONS if runs
    }


def _common(settings: Sequence[Sequence[Setting]]) -> list[Setting]:
    """Returns the settings that every list has, as they are in the first one."""
    keys = [{setting.key for setting in other} for other in settings]
    return [setting for setting in settings[0] if all(setting.key in known for known in keys)]


@click.command(cls=SettingsCommand, find_settings=find_settings, named="models and --seeds")
@click.argument(
    "references",
    metavar="REFERENCE ...",
    nargs=-1,
    required=True,
    shell_complete=complete_reference,
)
@click.option(
    "--metric",
    metavar="NAME",
    type=GivenText(),
    help="Metric to sort by, such as accuracy or test.loss.  [default: the trainer's main metric]",
)
@click.option(
    "--target",
    metavar="X",
    type=NumberRange(-MAX_TARGET, MAX_TARGET),
    help="Value of the metric to reach; the table then shows the time and the tokens it took.",
)
@click.option(
    "--dataset",
    metavar="NAME",
    type=GivenText(),
    shell_complete=complete_dataset,
    help="Dataset to train on.  [default: that of the models' default recipes]",
)
@click.option(
    "--seeds",
    metavar="SEEDS",
    type=Seeds(),
    help="Seeds to train, such as 0-4 or 0,1,2.  [default: 0,1,2 with a budget]",
)
@budget_option
@click.option(
    "--epochs",
    metavar="N",
    type=IntegerRange(1, MAX_EPOCHS),
    help="Train every model for as many epochs.",
)
@click.option(
    "--tokens",
    metavar="N",
    type=IntegerRange(1, MAX_TOKENS),
    help="Train every model on as many tokens: targets predicted.",
)
@click.option(
    "--device",
    metavar="DEVICE",
    type=GivenText(),
    default="auto",
    show_default=True,
    shell_complete=complete_device,
    help="Device to train on: auto, cpu, cuda or mps.",
)
@click.option(
    "--threads",
    metavar="N",
    type=IntegerRange(1, MAX_THREADS),
    help="Number of torch threads of every run.  [default: the cores; 1 for tiny models]",
)
@engine_option
@click.option(
    "--out",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder for comparison.md, .csv, .json and .png, and the report if zoo-report is "
    "installed.",
)
@click.option(
    "--matrix",
    "as_matrix",
    is_flag=True,
    help="Compare models on several datasets: a row for each model, a column for each dataset, "
    "the metric on validation and on test.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@registry_option
@json_option
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    settings: dict[str, dict[str, object]],
    references: tuple[str, ...],
    metric: str | None,
    target: float | None,
    dataset: str | None,
    seeds: tuple[int, ...] | None,
    budget: float | None,
    epochs: int | None,
    tokens: int | None,
    device: str,
    threads: int | None,
    engine: str | None,
    out: Path | None,
    as_matrix: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Compare runs over their seeds, and train what is missing.

    REFERENCE is a run, a folder of runs, a sweep or a pretrained checkpoint. Runs that differ in
    their seeds alone share a row: the mean of the metric ± its standard deviation. A row is
    "within the spread" if its seeds do not tell it from the best one.

    With --seeds, --budget, --epochs or --tokens, a model, a recipe or a pattern of recipes such as
    '*.python-docs' is trained: one run after another on the same cores, every model with the first
    seed before any with the next. The same command continues; more models and seeds train only
    what is missing. Times are shown only for runs that took turns in this way, which runs of
    another --engine than local do not.

    With --matrix, the runs may be on several datasets, such as those of a sweep of a file.
    """
    plan: _Plan = ctx.meta[PLAN]
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    if as_matrix and target is not None:
        raise click.UsageError("--matrix has no --target; leave one of them out")
    _check_training_options(ctx, plan)
    from zoo_core.runtime.comparisons.contest import DEFAULT_SEEDS, Budget, Contest
    from zoo_core.runtime.comparisons.files import check_comparison_folder, write_matrix
    from zoo_core.runtime.comparisons.references import compare_references, matrix_of_references
    from zoo_core.runtime.sweeps.engine import EngineOptions
    from zoo_core.runtime.sweeps.sweep import make_engine

    chosen_engine = make_engine(plan.catalog, engine or "", EngineOptions(reuse=False))
    if out:
        check_comparison_folder(out)
    trained: list[SweepRun] = []
    if plan.models:
        contest = Contest(
            dataset=dataset or "",
            seeds=seeds or DEFAULT_SEEDS,
            budget=Budget(seconds=budget or 0.0, tokens=tokens or 0, epochs=epochs or 0),
            settings={section: values for section, values in settings.items() if values},
            options={"device": device},
            threads=threads or 0,
        )
        trained = _train(ctx, contest, plan, chosen_engine)
    if as_matrix:
        matrix = matrix_of_references(
            plan.catalog, plan.others, metric=metric or "", trained=trained
        )
        if out:
            _report_files(out, [path.name for path in write_matrix(out, matrix)])
        _print_matrix(matrix, as_csv=as_csv, as_json=as_json)
    else:
        comparison = compare_references(
            plan.catalog, plan.others, metric=metric or "", target=target, trained=trained
        )
        if out:
            _write(plan.catalog, out, comparison)
        _print(comparison, as_csv=as_csv, as_json=as_json)
    if any(run.state != "finished" for run in trained):
        ctx.exit(1)


def _check_training_options(ctx: click.Context, plan: _Plan) -> None:
    """Checks that the options fit together.

    Raises:
        click.UsageError: Two budgets are given, or there is nothing to train.
    """
    first_pass: Mapping[str, Any] = ctx.meta[FIRST_PASS]
    budgets = [f"--{name}" for name in TRAINING[1:] if first_pass.get(name)]
    if len(budgets) > 1:
        raise click.UsageError(f"{' and '.join(budgets)} exclude each other: choose one budget")
    asked = [
        f"--{name}" for name in (*TRAINING, "dataset", "threads", "engine") if first_pass.get(name)
    ]
    if asked and not plan.models:
        if any(first_pass.get(name) for name in TRAINING):
            raise click.UsageError(f"{asked[0]}: name a model or a recipe to train")
        raise click.UsageError(f"{asked[0]} is for training: add --seeds, --epochs or --budget")


def _train(
    ctx: click.Context, contest: Contest, plan: _Plan, engine: AbstractEngine | None
) -> list[SweepRun]:
    """Trains what is missing; returns the runs that are asked for."""
    from zoo_cli.terminal.signals import GracefulInterrupt
    from zoo_cli.terminal.sweep_view import run_and_show
    from zoo_core.runtime.comparisons.references import check_references

    training = contest.training(plan.catalog, plan.models, engine)
    metric: str = ctx.params["metric"] or ""
    trained = None if ctx.params["as_matrix"] else training.questions[0].base
    check_references(plan.catalog, plan.others, trained, metric=metric)
    if metric:
        training.check_metric(metric)
    with GracefulInterrupt(announces=False) as interrupt:
        events = training.events(lambda: interrupt.signal is not None)
        run_and_show(events, interrupt, command_line(ctx))
    return training.runs()


def _write(catalog: Catalog, out: Path, comparison: Comparison) -> None:
    """Writes the files of a comparison, with the page where zoo-report is installed."""
    from zoo_core.runtime.comparisons.files import PAGE, write_comparison

    page = _page(catalog, comparison)
    _report_files(out, [path.name for path in write_comparison(out, comparison, page)])
    if not page:
        echo(f"no {PAGE}: zoo plugins install {REPORT}", err=True)


def _report_files(out: Path, names: Sequence[str]) -> None:
    echo(f"wrote {', '.join(names)} to {out}", err=True)


def _page(catalog: Catalog, comparison: Comparison) -> str:
    """Returns the page of ``zoo report``; empty if zoo-report is not installed."""
    entries = catalog.named(CommandSpec, "report")
    if not any(entry.plugin.distribution == REPORT for entry in entries):
        return ""
    folders = [run.folder.absolute() for row in comparison.rows for run in row.runs]
    page: str = shared_function(catalog, "report", "runs_page")(folders)
    return page


def _print(comparison: Comparison, *, as_csv: bool, as_json: bool) -> None:
    if as_json:
        print_json(to_json(comparison))
        return
    if as_csv:
        echo(to_csv(comparison), nl=False)
        return
    print_table(table_rows(comparison))
    if target := target_rows(comparison):
        echo()
        print_table(target)
    if plot := text_plot(comparison, min(shutil.get_terminal_size().columns, MAX_CELLS)):
        echo("\n" + "\n".join(plot) + "\n")
    for line in [*difference_lines(comparison), *explain(comparison)]:
        echo(one_line(line), err=True)


def _print_matrix(matrix: Matrix, *, as_csv: bool, as_json: bool) -> None:
    if as_json:
        print_json(matrix_json(matrix))
        return
    if as_csv:
        echo(matrix_csv(matrix), nl=False)
        return
    echo(matrix.metric.replace("_", " "))
    for table in matrix_tables(matrix, min(shutil.get_terminal_size().columns, MAX_CELLS)):
        echo()
        print_table(table)
    for remark in matrix.remarks:
        echo(one_line(remark), err=True)
