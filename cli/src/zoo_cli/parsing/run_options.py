"""The options that ``zoo train`` and ``zoo reproduce`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from zoo_cli.parsing.completion_items import complete_backend, complete_device
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.ranges import IntegerRange
from zoo_core.run_folder.run_config import MAX_THREADS

Command = TypeVar("Command", bound=Callable[..., Any])

SEED = IntegerRange(0, 2**32 - 1)


def run_options(command: Command) -> Command:
    """Adds ``--seed``, ``--device``, ``--threads`` and ``--backend``, in this order."""
    options = [
        click.option(
            "--seed", metavar="N", type=SEED, help="Random seed.  [default: the recipe's, else 0]"
        ),
        click.option(
            "--device",
            metavar="DEVICE",
            type=GivenText(),
            default="auto",
            show_default=True,
            shell_complete=complete_device,
            help="Device to run on: auto, cpu, cuda or mps.",
        ),
        click.option(
            "--threads",
            metavar="N",
            type=IntegerRange(1, MAX_THREADS),
            help="Number of torch threads.  [default: torch's choice; 1 for a tiny model]",
        ),
        click.option(
            "--backend",
            metavar="BACKEND",
            type=GivenText(),
            default="auto",
            show_default=True,
            shell_complete=complete_backend,
            help="Implementation of the recurrence: auto, native, linear-scan, matrix-chunks, "
            "portable, torch or reference.",
        ),
    ]
    for option in reversed(options):  # click lists the options of the innermost decorator last
        command = option(command)
    return command
