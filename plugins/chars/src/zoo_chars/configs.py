"""Settings of the character and word models."""

from __future__ import annotations

from typing import Literal

from zoo_core import AbstractEmbeddingConfig, config, setting


@config
class CharConfig(AbstractEmbeddingConfig):
    """An embedding and one recurrence."""

    hidden_size: int = setting(
        default=256, unit="units", at_least=1, help="Width of the hidden state."
    )


@config
class CharSeqRnnConfig(CharConfig):
    """An embedding, an RNN, an output at every step."""

    recurrent_initializer: Literal["uniform", "identity"] = setting(
        default="uniform",
        help="What W_hh starts from: U(-1/√H, 1/√H) as torch does, or the identity.",
    )


@config
class WordConfig:
    """An embedding and one recurrence of the same width."""

    hidden_size: int = setting(
        default=64, unit="units", at_least=1, help="Width of an embedding and the hidden state."
    )


@config
class WordThreeConfig(WordConfig):
    """Three words, unrolled, with batch normalization in the recurrence."""

    first: Literal["layer", "embedding"] = setting(
        default="layer",
        help="What the first word passes through: the recurrent layer, as the others do, or its "
        "embedding alone.",
    )


@config
class BatchNormConfig(WordConfig):
    """An embedding, layers of a cell, batch normalization."""

    cell: str = setting(
        default="word-loop",
        help="Cell of the layers: the name of any recurrent model of `zoo list`, or of its cell.",
    )
    num_layers: int = setting(
        default=1, unit="layers", at_least=1, at_most=1000, help="Number of stacked layers."
    )
    statistics: Literal["batch", "step"] = setting(
        default="batch",
        help="What mean and variance are taken over in training: all rows and steps of a batch, or "
        "the rows of each step.",
    )

    def __post_init__(self) -> None:
        """Checks the cell.

        Raises:
            ConfigError: No installed model has such a cell, or it has no such width.
        """
        from zoo_core.plugins.cells import complete_settings

        complete_settings(self.cell, (), self.hidden_size)
