"""``zoo resume``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_file, complete_logger
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.process_options import (
    is_worker,
    joined_processes,
    launch_command,
    process_option,
)
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.typed_words import RememberingCommand, with_options
from zoo_cli.terminal.output import json_option

NO_LOGGER = "none"


@click.command(cls=RememberingCommand)
@click.argument("folder", metavar="DIR", type=FolderPath(takes_runs=True))
@click.option(
    "--epochs",
    metavar="N",
    type=IntegerRange(1, 10**9),
    help="Epochs of the whole run; more than before continue a complete run.",
)
@click.option(
    "--dataset.path",
    "dataset_path",
    metavar="PATH",
    type=GivenText(),
    shell_complete=complete_file,
    help="Where the data is, if it has moved.",
)
@click.option(
    "--logger",
    "loggers",
    metavar="NAME",
    type=GivenText(),
    multiple=True,
    shell_complete=complete_logger,
    help="Loggers instead of those that the run began with; none for no logger.",
)
@process_option
@click.option("--force", is_flag=True, help="Resume even if the data or versions have changed.")
@json_option
@click.pass_context
def resume(
    ctx: click.Context,
    folder: Path,
    epochs: int | None,
    dataset_path: str | None,
    loggers: tuple[str, ...],
    process_count: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Resume an interrupted run, or give a complete one more epochs.

    DIR is the folder of the run, or the name of a run that zoo runs lists.

    The result is bit for bit that of an uninterrupted run, as long as the number of processes,
    which by default is that of the run, and the instruction set of the processor stay the same.
    """
    from zoo_core.runtime.checkpoints.resume_states import check_has_state, read_state

    if not is_worker():
        check_has_state(folder)
        size = process_count or read_state(folder, with_tensors=False).run_config.processes
        if size > 1:
            words = with_options(ctx, "--nproc", str(size))
            launch_command(ctx, "resume", words, size)
    from zoo_cli.terminal.run_view import train_and_report
    from zoo_cli.terminal.signals import GracefulInterrupt
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.run_folder.lock import lock_run_folder
    from zoo_core.runtime.resume import check_unfinished, shared_state
    from zoo_core.runtime.resume import resume as resume_run
    from zoo_core.runtime.run import Run

    catalog = load_catalog()
    with (
        joined_processes(process_count) as processes,
        GracefulInterrupt() as interrupt,
        ExitStack() as stack,
    ):

        def lock() -> None:
            if processes.is_first:
                check_has_state(folder)
                stack.enter_context(lock_run_folder(folder))
                if epochs is None:
                    check_unfinished(folder)

        def make_run() -> Run:
            return resume_run(
                catalog,
                folder,
                force=force,
                epochs=epochs,
                dataset_path=dataset_path,
                loggers=_chosen(loggers),
                saved=saved,
                processes=processes,
            )

        processes.together(lock)
        saved = shared_state(processes, folder)
        run = processes.together(make_run)
        run.check_processes()
        train_and_report(run, catalog, interrupt=interrupt, as_json=as_json)


def _chosen(loggers: tuple[str, ...]) -> tuple[str, ...] | None:
    """Returns the typed loggers; None for those that the run began with."""
    if loggers == (NO_LOGGER,):
        return ()
    return loggers or None
