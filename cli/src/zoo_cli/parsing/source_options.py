"""The options that say what to train, which ``zoo train`` and ``zoo sweep`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from zoo_cli.parsing.completion_items import (
    complete_dataset,
    complete_file,
    complete_recipe,
    complete_reference,
    complete_trainer,
)
from zoo_cli.parsing.duration import Duration
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.unknown_option import unknown_option

Command = TypeVar("Command", bound=Callable[..., Any])

budget_option = click.option(
    "--budget",
    type=Duration(),
    help="Time limit, such as 60s or 2m: training takes four fifths of it, and the evaluation of "
    "each split a tenth, of a part of the split if need be.",
)


def source_options(command: Command) -> Command:
    """Adds MODEL, ``--from`` and its like, ``--dataset``, ``--trainer`` and ``--config``."""
    options = [
        click.argument("model", metavar="MODEL[.RECIPE]", shell_complete=complete_recipe),
        click.option(
            "--from",
            "source",
            metavar="CHECKPOINT",
            type=GivenText(),
            shell_complete=complete_reference,
            help="Checkpoint to start from, with its weights, vocabulary and settings.",
        ),
        click.option(
            "--extend-vocabulary",
            is_flag=True,
            help="Add the new symbols of the data to the vocabulary of --from.",
        ),
        unknown_option,
        click.option(
            "--dataset",
            metavar="NAME",
            type=GivenText(),
            shell_complete=complete_dataset,
            help="Dataset to train on.",
        ),
        click.option(
            "--trainer",
            metavar="NAME",
            type=GivenText(),
            shell_complete=complete_trainer,
            help="Trainer to use.",
        ),
        click.option(
            "--config",
            metavar="FILE.toml",
            type=GivenText(),
            shell_complete=complete_file,
            help="File with settings, in the format of a recipe.",
        ),
    ]
    for option in reversed(options):  # click lists the options of the innermost decorator last
        command = option(command)
    return command
