"""What a person chooses of an LSTM."""

from __future__ import annotations

from zoo_core import config, setting


@config
class LstmManualConfig:
    """One LSTM over one-hot symbols."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of the hidden state."
    )
    bias: bool = setting(default=True, help="Whether the gates add biases.")


@config
class LstmEmbedConfig:
    """An embedding, layers of LSTM."""

    embedding_size: int = setting(
        default=32, unit="units", at_least=1, help="Width of a symbol's embedding."
    )
    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of each layer's hidden state."
    )
    num_layers: int = setting(
        default=1, unit="layers", at_least=1, help="Layers on top of each other."
    )
    dropout: float = setting(
        default=0.0, at_least=0, below=1, help="Share of outputs dropped between layers."
    )


@config
class LstmStackedConfig:
    """Layers of LSTM over one-hot symbols."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of each layer's hidden state."
    )
    num_layers: int = setting(
        default=1, unit="layers", at_least=1, help="Layers on top of each other."
    )
    bias: bool = setting(default=True, help="Whether the gates add biases.")
    bidirectional: bool = setting(
        default=False, help="Whether a second pass runs from the last step to the first."
    )
    dropout: float = setting(
        default=0.0, at_least=0, below=1, help="Share of outputs dropped between layers."
    )
