"""The options about how many runs are carried out, and where."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_engine
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.ranges import IntegerRange

MAX_JOBS = 1024

jobs_option = click.option(
    "--jobs",
    metavar="N",
    type=IntegerRange(1, MAX_JOBS),
    help="Runs at once, each with its share of the cores.  [default: 1; what a cluster has room "
    "for]",
)
engine_option = click.option(
    "--engine",
    metavar="NAME",
    type=GivenText(),
    shell_complete=complete_engine,
    help="What trains the runs: local, processes of this machine, or an engine of a plugin, such "
    "as ray.  [default: local]",
)
