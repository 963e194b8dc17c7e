"""``zoo train``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.chosen_run import (
    CATALOG,
    SOURCE,
    check_vocabulary_options,
    chosen_run_config,
    find_settings,
    report_choices,
)
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.logger_option import logger_option
from zoo_cli.parsing.precision import precision_option
from zoo_cli.parsing.process_options import (
    is_worker,
    joined_processes,
    launch_command,
    process_option,
)
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.run_name import RunName
from zoo_cli.parsing.run_options import run_options
from zoo_cli.parsing.setting_options import SettingsCommand
from zoo_cli.parsing.source_options import budget_option, source_options
from zoo_cli.parsing.typed_words import with_options
from zoo_cli.terminal.output import echo, json_option
from zoo_core.errors import TargetError
from zoo_core.recipes.recipe import recipe_text
from zoo_core.storage.locations import runs_folder

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


@click.command(cls=SettingsCommand, find_settings=find_settings, named="a model")
@source_options
@click.option("--print-config", is_flag=True, help="Print all settings as TOML and exit.")
@run_options
@precision_option
@click.option(
    "--out",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder of the checkpoint.  [default: a new folder in ZOO_HOME/runs]",
)
@click.option(
    "--name",
    "run_name",
    metavar="NAME",
    type=RunName(),
    help="Name of the run, which zoo runs lists.  [default: recipe and time]",
)
@click.option("--overwrite", is_flag=True, help="Replace the checkpoint in that folder.")
@budget_option
@process_option
@click.option(
    "--compile",
    "compiled",
    is_flag=True,
    help="Translate the model with torch.compile, which takes seconds to minutes at the start.",
)
@logger_option
@registry_option
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    /,
    settings: dict[str, dict[str, object]],
    seed: int | None,
    threads: int | None,
    budget: float | None,
    out: Path | None,
    run_name: str | None,
    source: str | None,
    extend_vocabulary: bool,
    unknown: str,
    print_config: bool,
    overwrite: bool,
    process_count: int | None,
    compiled: bool,
    loggers: tuple[str, ...],
    as_json: bool,
    device: str,
    backend: str,
    precision: str,
    **names: str | None,
) -> None:
    """Train a model.

    MODEL alone means its default recipe, or the defaults if --dataset names another dataset.
    MODEL.RECIPE keeps the recipe's model and trainer settings whatever the dataset is. A flag
    overrides --config, which overrides the recipe or the checkpoint of --from, which overrides the
    defaults.
    """
    check_vocabulary_options(ctx, extend_vocabulary)
    if overwrite and out is None and run_name is None:
        raise click.UsageError("--overwrite needs --out or --name: without them, the run is new")
    origin: Checkpoint | None = ctx.meta[SOURCE]
    run_config = chosen_run_config(
        ctx,
        settings,
        seed=seed,
        threads=threads or 0,
        budget=budget or 0.0,
        device=device,
        backend=backend,
        precision=precision,
        source=source or "",
        unknown=unknown,
        compile=compiled,
    )
    if print_config:
        report_choices(ctx, run_config)
        echo(recipe_text(run_config), nl=False)
        return
    from zoo_core.run_folder.local_runs import check_name_is_free, default_name
    from zoo_core.run_folder.lock import lock_run_folder
    from zoo_core.runtime.checkpoints.checkpoint import check_no_checkpoint, prepare_overwrite

    recipe = run_config.recipe or f"{run_config.model}.{run_config.dataset}"
    name = run_name or default_name(recipe)
    folder = out or runs_folder() / name
    check_name_is_free(name, folder)
    if (process_count or 1) > 1 and not is_worker():
        with lock_run_folder(folder):  # before as many processes find out the same
            if not overwrite:
                check_no_checkpoint(folder, "choose another, or --overwrite")
        words = with_options(ctx, "--out", str(folder), "--name", name)
        launch_command(ctx, "train", words, process_count or 1)
    from zoo_cli.terminal.run_view import train_and_report
    from zoo_cli.terminal.signals import GracefulInterrupt
    from zoo_core.runtime.resume import resume, state_after_restart
    from zoo_core.runtime.run import Run

    with (
        joined_processes(process_count) as processes,
        GracefulInterrupt() as interrupt,
        ExitStack() as stack,
    ):
        saved = state_after_restart(processes, folder, run_config)

        def make_run() -> Run:
            if processes.is_first:
                stack.enter_context(lock_run_folder(folder))
                if not overwrite and saved is None:
                    check_no_checkpoint(folder, "choose another, or --overwrite")
            if saved is not None:
                return resume(
                    ctx.meta[CATALOG], folder, loggers=loggers, saved=saved, processes=processes
                )
            return Run(
                ctx.meta[CATALOG],
                run_config,
                folder,
                signature=origin.signature if origin else None,
                weights=origin.weights if origin else None,
                extends_vocabulary=extend_vocabulary,
                loggers=loggers,
                processes=processes,
            )

        run = processes.together(make_run)
        run.check_processes()
        if processes.is_first and saved is None:
            report_choices(ctx, run_config)
            if overwrite:
                prepare_overwrite(folder)
            _list_run(folder, name)
        train_and_report(run, ctx.meta[CATALOG], interrupt=interrupt, as_json=as_json)


def _list_run(folder: Path, name: str) -> None:
    """Lists a run of another folder among the local runs; one that cannot be is trained anyway."""
    from zoo_core.run_folder.local_runs import link_run

    try:
        link_run(folder, name)
    except TargetError as error:
        echo(f"{error}; zoo runs will not list this run", err=True)
