"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from typing import Any

from zoo_core import Signature
from zoo_core.runtime.nn import AbstractCell, RecurrentModel, recurrent_layer
from zoo_linear.configs import LinearConfig, LruConfig, MinimalConfig
from zoo_linear.lru import LruCell
from zoo_linear.minimal import MinGruCell, MinLstmCell


def min_gru(config: MinimalConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal GRU."""
    return _model(MinGruCell(config.hidden_size, config.candidate, config.bias), config, signature)


def min_lstm(config: MinimalConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal LSTM."""
    cell = MinLstmCell(config.hidden_size, config.candidate, config.bias)
    return _model(cell, config, signature)


def lru(config: LruConfig, signature: Signature) -> RecurrentModel:
    """Layers of LRU."""
    cell = LruCell(
        config.hidden_size, config.bias, config.min_radius, config.max_radius, config.max_phase
    )
    return _model(cell, config, signature)


def _model(cell: AbstractCell[Any], config: LinearConfig, signature: Signature) -> RecurrentModel:
    """Returns layers of a cell, above an embedding if the inputs are tokens."""
    if signature.inputs.kind != "tokens":
        layers = recurrent_layer(cell, signature.input_size, config)
        return RecurrentModel(signature, layers)
    return RecurrentModel(
        signature, recurrent_layer(cell, config.embedding_size, config), embedding=config
    )
