"""Settings of the residual networks."""

from __future__ import annotations

from zoo_core import config, setting
from zoo_core.plugins.cells import AbstractNamedCellConfig


@config
class DeepConfig(AbstractNamedCellConfig):
    """Residual blocks of a cell and an MLP."""

    cell: str = setting(
        default="lstm",
        help="Cell of every block: the name of any recurrent model of `zoo list`, or of its cell.",
    )
    cell_size: int | None = setting(
        default=None,
        unit="units",
        at_least=1,
        help="Width of the cell's hidden state; none: hidden_size.",
    )
    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of what runs through the blocks."
    )
    depth: int = setting(
        default=2, unit="blocks", at_least=1, at_most=1000, help="Number of blocks."
    )
    mlp_factor: int = setting(
        default=4, at_least=1, help="Width of the MLP's inner layer, in multiples of hidden_size."
    )
    dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping a number of the embedding, or of what a cell or an MLP adds.",
    )
    tie_weights: bool = setting(
        default=True,
        help="Whether the output layer has the embedding's table as its weight, where the outputs "
        "are the next symbols (Press & Wolf 2017).",
    )

    def cell_width(self) -> int:
        """Returns the width of the cell's state."""
        return self.cell_size or self.hidden_size
