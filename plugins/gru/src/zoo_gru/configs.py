"""Settings of the GRU models."""

from __future__ import annotations

from zoo_core import AbstractEmbeddedRecurrentConfig, AbstractRecurrentConfig, config, setting


@config
class GruManualConfig:
    """One GRU over one-hot symbols."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of the hidden state."
    )
    bias: bool = setting(default=True, help="Whether the gates add biases.")
    reset_after: bool = setting(
        default=True,
        help="Reset gate after the product with W_hn (torch, cuDNN) or before it (the paper).",
    )


@config
class GruStackedConfig(AbstractRecurrentConfig):
    """Layers of GRU over one-hot symbols."""


@config
class GruEmbedConfig(AbstractEmbeddedRecurrentConfig):
    """An embedding, layers of GRU."""
