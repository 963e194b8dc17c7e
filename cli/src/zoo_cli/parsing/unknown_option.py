"""The option ``--unknown``."""

from __future__ import annotations

import click

unknown_option = click.option(
    "--unknown",
    metavar="POLICY",
    default="error",
    show_default=True,
    help="What to do with symbols outside the vocabulary: error, skip or replace=C.",
)
