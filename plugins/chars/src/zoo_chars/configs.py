"""Settings of the character models."""

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
