"""How exact products are."""

from __future__ import annotations

import click

from zoo_core.run_folder.run_config import PRECISIONS

precision_option = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of the products; saved weights stay fp32.",
)
