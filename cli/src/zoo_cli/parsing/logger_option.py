"""The option ``--logger``, which ``zoo train``, ``zoo resume`` and ``zoo sweep`` share."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_logger
from zoo_cli.parsing.given_text import GivenText

logger_option = click.option(
    "--logger",
    "loggers",
    metavar="NAME",
    type=GivenText(),
    multiple=True,
    shell_complete=complete_logger,
    help="Log the run with csv, jsonl or the logger of a plugin; repeat it for several.",
)
