"""The option ``--precision``."""

from __future__ import annotations

import click

from zoo_core.run_folder.run_config import PRECISIONS

precision_option = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Precision of matrix products; saved weights are always fp32.",
)
