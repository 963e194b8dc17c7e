"""The option ``--unknown``."""

from __future__ import annotations

import click

from zoo_cli.parsing.given_text import GivenText

unknown_option = click.option(
    "--unknown",
    metavar="POLICY",
    type=GivenText(),
    default="error",
    show_default=True,
    help="What to do with symbols outside the vocabulary: error, skip or replace=C.",
)
