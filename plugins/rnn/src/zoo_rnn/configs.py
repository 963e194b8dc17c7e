"""What a person chooses of an RNN."""

from __future__ import annotations

from typing import Literal

from zoo_core import config, setting

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
class RnnStackedConfig:
    """Layers of RNN over one-hot symbols."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of each layer's hidden state."
    )
    num_layers: int = setting(
        default=1, unit="layers", at_least=1, help="Layers on top of each other."
    )
    nonlinearity: Nonlinearity = setting(default="tanh", help="Squashes the hidden state.")
    bias: bool = setting(default=True, help="Whether the recurrence adds biases.")
    bidirectional: bool = setting(
        default=False, help="Whether a second pass runs from the last step to the first."
    )
    dropout: float = setting(
        default=0.0, at_least=0, below=1, help="Share of outputs dropped between layers."
    )


@config
class RnnEmbedConfig:
    """An embedding, layers of RNN."""

    embedding_size: int = setting(
        default=32, unit="units", at_least=1, help="Width of a symbol's embedding."
    )
    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of each layer's hidden state."
    )
    num_layers: int = setting(
        default=1, unit="layers", at_least=1, help="Layers on top of each other."
    )
    nonlinearity: Nonlinearity = setting(default="tanh", help="Squashes the hidden state.")
    dropout: float = setting(
        default=0.0, at_least=0, below=1, help="Share of outputs dropped between layers."
    )
