"""Settings of the RNN models."""

from __future__ import annotations

from typing import Literal

from zoo_core import AbstractEmbeddedRecurrentConfig, AbstractRecurrentConfig, config, setting

Nonlinearity = Literal["tanh", "relu"]


@config
class RnnCellConfig:
    """One cell over one-hot symbols."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of the hidden state."
    )
    nonlinearity: Nonlinearity = setting(default="tanh", help="Squashes the hidden state.")
    bias: bool = setting(default=True, help="Whether the recurrence adds biases.")


@config
class RnnStackedConfig(AbstractRecurrentConfig):
    """Layers of RNN over one-hot symbols."""

    nonlinearity: Nonlinearity = setting(default="tanh", help="Squashes the hidden state.")


@config
class RnnEmbedConfig(AbstractEmbeddedRecurrentConfig):
    """An embedding, layers of RNN."""

    nonlinearity: Nonlinearity = setting(default="tanh", help="Squashes the hidden state.")
