"""The option ``--nproc``, and the processes that it or torchrun starts."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.ranges import IntegerRange
from zoo_core.errors import DivergedError, PeerError, ProcessError

if TYPE_CHECKING:
    from zoo_core.runtime.distributed.processes import AbstractProcesses

MAX_PROCESSES = 1024

process_option = click.option(
    "--nproc",
    "process_count",
    metavar="N",
    type=IntegerRange(1, MAX_PROCESSES),
    help="Processes on this machine that share every batch.  [default: 1]",
)


def is_worker() -> bool:
    """Whether torch's launcher, torchrun for example, has started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "RANK" in os.environ


def launch_command(ctx: click.Context, name: str, words: Sequence[str], size: int) -> None:
    """Runs a command of the zoo in several processes, and ends with their exit code.

    Args:
        ctx: The context of the command.
        name: The name of the command.
        words: Its arguments.
        size: The number of processes.
    """
    from zoo_core.runtime.distributed.launch import launch

    sys.stdout.flush()
    ctx.exit(launch([sys.executable, "-m", "zoo_cli", name, *words], size))


@contextlib.contextmanager
def joined_processes(process_count: int | None) -> Iterator[AbstractProcesses]:
    """Joins the processes of the run; an ordinary run has one.

    Processes other than the first one print nothing.

    Args:
        process_count: The value of ``--nproc``; None if it was not given.

    Raises:
        click.UsageError: torchrun has started another number of processes.
    """
    if not is_worker():
        from zoo_core.runtime.distributed.processes import ONE_PROCESS

        yield ONE_PROCESS
        return
    size = int(os.environ["WORLD_SIZE"])
    if process_count not in (None, size):
        raise click.UsageError(f"torchrun has started {size} processes; leave --nproc out")
    from zoo_core.runtime.distributed import torch_processes

    with torch_processes.joined_processes() as processes, _silence(not processes.is_first):
        try:
            yield processes
        except (DivergedError, PeerError, ProcessError) as error:
            if processes.is_first:
                raise
            raise click.exceptions.Exit(error.exit_code) from None  # the first one prints it


@contextlib.contextmanager
def _silence(is_silent: bool) -> Iterator[None]:
    """Lets what is printed inside the context go nowhere."""
    if not is_silent:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123  # of no folder
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield
