"""``zoo sweep``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo_cli.parsing.chosen_run import (
    CATALOG,
    RESOLVED_RUN,
    SOURCE,
    check_vocabulary_options,
    chosen_run_config,
    find_settings,
    report_choices,
)
from zoo_cli.parsing.engine_options import engine_option, jobs_option
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.logger_option import logger_option
from zoo_cli.parsing.precision import precision_option
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.run_options import run_options
from zoo_cli.parsing.seeds import seeds_option
from zoo_cli.parsing.setting_options import (
    Sections,
    SettingsCommand,
    without_setting_options,
)
from zoo_cli.parsing.source_options import budget_option, source_options
from zoo_cli.parsing.swept_settings import parse_swept
from zoo_cli.parsing.typed_words import command_line, typed_words
from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_cli.terminal.sweep_table import failure_lines, sweep_run_values, sweep_table
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.resolve import ResolvedRun
from zoo_core.references import shown
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.folder import default_folder
from zoo_core.sweeps.grid import MAX_RUNS
from zoo_core.sweeps.sweep import Sweep
from zoo_core.sweeps.sweep_file import AskedSweep, is_sweep_path, read_asked_sweep

if TYPE_CHECKING:
    from zoo_core.runtime.sweeps.engine import AbstractEngine


ASKED = "zoo.asked_sweep"
"""What a file or folder in the place of the model asks for."""
WITH_FILE = (
    *("model", "seeds", "threads", "jobs", "engine", "out", "loggers", "print_jobs"),
    *("registry", "as_json"),
)
"""The parameters that may be typed with a file; all others are what the file says."""


def find_sweep_settings(ctx: click.Context, names: Mapping[str, str]) -> Sections:
    """Returns the settings of model, dataset and trainer; none where a file has them.

    Raises:
        ConfigError: A setting is typed beside a file.
    """
    reference = names.get("model", "")
    if not is_sweep_path(reference):
        return find_settings(ctx, names)
    words = typed_words(ctx)
    if others := [word for word in words if word not in without_setting_options(words)]:
        raise ConfigError(f"{others[0]}: the settings of this sweep are those in {reference}")
    catalog = load_catalog()
    ctx.meta[CATALOG], ctx.meta[ASKED] = catalog, read_asked_sweep(catalog, reference)
    return {}


@click.command(
    cls=SettingsCommand, find_settings=find_sweep_settings, named="a model", takes_texts=True
)
@source_options
@seeds_option
@click.option(
    "--random",
    "draws",
    metavar="N",
    type=IntegerRange(1, MAX_RUNS),
    help="Draw N settings from ranges and lists instead of combining every value; equal draws are "
    "one run.",
)
@run_options
@precision_option
@budget_option
@jobs_option
@engine_option
@click.option(
    "--out",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder of the sweep.  [default: one in ZOO_HOME/sweeps, which depends on what is asked]",
)
@logger_option
@click.option(
    "--print-jobs",
    is_flag=True,
    help="Print a command for each run that is not finished, and train nothing.",
)
@registry_option
@json_option
@click.pass_context
def sweep(
    ctx: click.Context,
    /,
    settings: dict[str, dict[str, tuple[str, ...]]],
    seed: int | None,
    seeds: tuple[int, ...] | None,
    draws: int | None,
    threads: int | None,
    budget: float | None,
    jobs: int | None,
    engine: str | None,
    out: Path | None,
    source: str | None,
    extend_vocabulary: bool,
    loggers: tuple[str, ...],
    print_jobs: bool,
    as_json: bool,
    **run_choices: Any,
) -> None:
    r"""Train many runs: every combination of settings and seeds.

    A comma separates the values of a setting: --model.hidden-size 128,256. A comma within a value
    is written \, or the flag is repeated, once for each value; where a setting is a list, such as
    --dataset.path, a repeated flag is one list. With --random N, a value may be a
    range: log:1e-4..1e-1, int:64..512 or float:0..0.5.

    The folder holds sweep.toml and a checkpoint for each run, such as seed=0,hidden-size=128. The
    same command continues: finished runs are skipped, interrupted ones resumed, and a new value
    or seed adds runs. A failed run does not stop the others; the exit code is then 1. The number
    of threads is settled once, and does not depend on --jobs or --engine afterwards.

    MODEL and RECIPE are as for zoo train. In their place, the folder of a sweep such as ./my-sweep
    continues it, and FILE.toml asks for every row with every column of a table, such as models and
    datasets.
    """
    catalog: Catalog = ctx.meta[CATALOG]
    asked_in_file: AskedSweep | None = ctx.meta.get(ASKED)
    if asked_in_file:
        _check_options_with_file(ctx)
    else:
        check_vocabulary_options(ctx, extend_vocabulary)
        if seeds and seed is not None:
            raise click.UsageError("--seed and --seeds exclude each other")
    from zoo_core.runtime.sweeps.engine import EngineOptions
    from zoo_core.runtime.sweeps.sweep import make_engine, threads_share

    chosen_engine = make_engine(catalog, engine or "", EngineOptions(jobs or 0))
    if asked_in_file:
        asked_sweep = _changed(asked_in_file, seeds or (), threads or 0)
        folder = out or asked_in_file.folder
    else:
        resolved: ResolvedRun = ctx.meta[RESOLVED_RUN]
        asked = parse_swept(resolved, settings, draws)
        run_config = chosen_run_config(
            ctx,
            asked.first(),
            seed=seed,
            threads=0,
            budget=budget or 0.0,
            source=source or "",
            **{key: run_choices[key] for key in ("device", "backend", "precision", "unknown")},
        )
        question = asked.question(
            resolved, run_config, seeds or (), extends_vocabulary=extend_vocabulary
        )
        question = check_question(catalog, question)
        if ctx.meta[SOURCE] is None and not print_jobs:
            report_choices(ctx, run_config)
        asked_sweep = Sweep(threads=threads or 0, questions=(question,))
        folder = out or default_folder(question)
    if print_jobs:
        share = threads_share(chosen_engine, jobs or 0)
        _print_jobs(catalog, folder, asked_sweep, share, loggers, as_json=as_json)
    else:
        _train(
            ctx,
            folder,
            asked_sweep,
            jobs=jobs or 0,
            engine=chosen_engine,
            loggers=loggers,
            as_json=as_json,
        )


def _check_options_with_file(ctx: click.Context) -> None:
    """Checks that no option says what the file or folder in the place of the model says.

    Raises:
        click.UsageError: One does.
    """
    for param in ctx.command.params:
        is_typed = ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if is_typed and param.name not in WITH_FILE:
            raise click.UsageError(
                f"{param.opts[0]} does not go with {ctx.params['model']}, which says it"
            )


def _changed(asked: AskedSweep, seeds: Sequence[int], threads: int) -> Sweep:
    """Returns what a file or folder asks for, with the seeds and threads that are typed."""
    sweep = asked.with_seeds(seeds).sweep if seeds else asked.sweep
    return replace(sweep, threads=threads) if threads else sweep


def _print_jobs(
    catalog: Catalog,
    folder: Path,
    asked: Sweep,
    share: int,
    loggers: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    from zoo_core.plugins.optional_parts import find_loggers
    from zoo_core.runtime.sweeps.sweep import plan_sweep
    from zoo_core.sweeps.commands import run_command
    from zoo_core.sweeps.folder import lock_sweep_folder, write_sweep
    from zoo_core.sweeps.run_states import run_state

    find_loggers(catalog, loggers)
    with lock_sweep_folder(folder):
        sweep, runs = plan_sweep(catalog, folder, asked, share)
        write_sweep(folder, sweep)
    commands = []
    for run in runs:
        state = run_state(folder, run)
        if state.state != "finished" and not state.will_fail_again:
            command = run_command(catalog, folder, run, state, loggers)
            commands.append({"name": run.name, "command": command})
    if as_json:
        print_json(commands)
        return
    for job in commands:
        echo(job["command"])


def _train(
    ctx: click.Context,
    folder: Path,
    asked: Sweep,
    *,
    jobs: int,
    engine: AbstractEngine | None,
    loggers: tuple[str, ...],
    as_json: bool,
) -> None:
    from zoo_cli.terminal.signals import GracefulInterrupt
    from zoo_cli.terminal.sweep_view import run_and_show
    from zoo_core.runtime.sweeps.sweep import run_sweep
    from zoo_core.sweeps.run_states import list_sweep_runs

    with GracefulInterrupt(announces=False) as interrupt:
        events = run_sweep(
            ctx.meta[CATALOG],
            folder,
            asked.questions,
            jobs=jobs,
            engine=engine,
            threads=asked.threads,
            loggers=loggers,
            should_stop=lambda: interrupt.signal is not None,
        )
        started = run_and_show(events, interrupt, command_line(ctx))
    names = {run.name for run in started.runs}
    runs = [run for run in list_sweep_runs(folder) if run.name in names]
    trained = {job.name for job in started.jobs}
    if as_json:
        print_json(
            {
                "sweep": str(folder.absolute()),
                "threads": started.threads,
                "runs": [sweep_run_values(run) | {"trained": run.name in trained} for run in runs],
            }
        )
    else:
        print_table(sweep_table(runs))
        echo(f"sweep: {folder}")
    failed = [run for run in runs if run.state != "finished"]
    for line in failure_lines(failed):
        echo(line, err=True)
    if failed:
        ctx.exit(1)
    if not as_json:
        echo(f"next: zoo runs --sweep {shown(folder)}", err=True)
