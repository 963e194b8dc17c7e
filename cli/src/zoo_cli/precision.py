"""How exact products are."""

from __future__ import annotations

import click

precision_option = click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16"]),
    default="fp32",
    show_default=True,
    help="Of the products; saved weights stay fp32.",
)
