"""Settings of the LSTM models."""

from __future__ import annotations

from zoo_core import AbstractEmbeddedRecurrentConfig, AbstractRecurrentConfig, config, setting


@config
class LstmManualConfig:
    """One LSTM over one-hot symbols."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of the hidden state."
    )
    bias: bool = setting(default=True, help="Whether the gates add biases.")


@config
class LstmStackedConfig(AbstractRecurrentConfig):
    """Layers of LSTM over one-hot symbols."""

    proj_size: int = setting(
        default=0,
        unit="units",
        at_least=0,
        help="Width to which each layer projects its output; 0 for no projection.",
    )


@config
class LstmEmbedConfig(AbstractEmbeddedRecurrentConfig):
    """An embedding, layers of LSTM."""

    proj_size: int = setting(
        default=0,
        unit="units",
        at_least=0,
        help="Width to which each layer projects its output; 0 for no projection.",
    )
