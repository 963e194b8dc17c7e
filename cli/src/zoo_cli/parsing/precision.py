"""The option ``--precision``."""

from __future__ import annotations

from typing import final

import click

from zoo_core.run_folder.run_config import NO_INT8_TRAINING, PRECISIONS, USE_PRECISIONS


@final
class TrainingPrecision(click.Choice[str]):
    """A precision that a model can be trained in."""

    def __init__(self) -> None:
        super().__init__(PRECISIONS)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the precision; of ``int8`` it says where it can be used."""
        if value == "int8":
            self.fail(NO_INT8_TRAINING, param, ctx)
        return super().convert(value, param, ctx)


precision_option = click.option(
    "--precision",
    type=TrainingPrecision(),
    default="fp32",
    show_default=True,
    help="Precision of matrix products; saved weights are always fp32.",
)
use_precision_option = click.option(
    "--precision",
    type=click.Choice(USE_PRECISIONS),
    default="fp32",
    show_default=True,
    help="Precision of matrix products; int8 rounds their weights to 8-bit integers, with a scale "
    "for each row.",
)
