"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import RecurrentModel, recurrent_model
from zoo_linear.configs import LruConfig, MinimalConfig
from zoo_linear.lru import LruCell
from zoo_linear.minimal import MinGruCell, MinLstmCell


def min_gru(config: MinimalConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal GRU."""
    cell = MinGruCell(config.hidden_size, config.candidate, config.bias)
    return recurrent_model(cell, config, signature)


def min_lstm(config: MinimalConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal LSTM."""
    cell = MinLstmCell(config.hidden_size, config.candidate, config.bias)
    return recurrent_model(cell, config, signature)


def lru(config: LruConfig, signature: Signature) -> RecurrentModel:
    """Layers of LRU."""
    cell = LruCell(
        config.hidden_size, config.bias, config.min_radius, config.max_radius, config.max_phase
    )
    return recurrent_model(cell, config, signature)
