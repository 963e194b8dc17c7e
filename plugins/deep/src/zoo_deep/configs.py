"""Settings of the residual networks."""

from __future__ import annotations

from zoo_core import config, setting


@config
class DeepConfig:
    """Residual blocks of a cell and an MLP.

    Args:
        cell_settings: All settings of the cell, also those that are not given, once the config is
            made; None if it has none.
    """

    cell: str = setting(
        default="lstm",
        help="Cell of every block: the name of any recurrent model of `zoo list`, or of its cell.",
    )
    cell_settings: tuple[str, ...] | None = setting(
        default=None,
        help="Settings of the cell that differ from its model's defaults, such as max_radius=0.9.",
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

    def __post_init__(self) -> None:
        """Completes the settings of the cell.

        Raises:
            ConfigError: No installed model has such a cell, the cell has no such setting, or a
                value is not allowed.
        """
        from zoo_core.plugins.cells import complete_settings

        settings = complete_settings(
            self.cell, self.cell_settings or (), self.cell_size or self.hidden_size
        )
        object.__setattr__(self, "cell_settings", settings or None)
