"""The options about how many runs are carried out."""

from __future__ import annotations

import click

from zoo_cli.parsing.ranges import IntegerRange

MAX_JOBS = 1024
ENGINES = ("local",)

jobs_option = click.option(
    "--jobs",
    metavar="N",
    type=IntegerRange(1, MAX_JOBS),
    help="Runs at once, each with its share of the cores.  [default: 1]",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="local",
    show_default=True,
    help="What trains the runs: processes of this machine.",
)
