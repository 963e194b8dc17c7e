"""The RNN models: a recurrent layer and a linear output layer."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import Recurrent, RecurrentModel, recurrent_layer
from zoo_rnn.cell import RnnCell
from zoo_rnn.configs import RnnCellConfig, RnnEmbedConfig, RnnStackedConfig


def rnn_cell(config: RnnCellConfig, signature: Signature) -> RecurrentModel:
    """One layer of RNN over one-hot symbols or features."""
    cell = RnnCell(config.hidden_size, config.nonlinearity, config.bias)
    return RecurrentModel(signature, Recurrent(cell, signature.input_size))


def rnn_stacked(config: RnnStackedConfig, signature: Signature) -> RecurrentModel:
    """Layers of RNN over one-hot symbols or features, in one or two directions."""
    cell = RnnCell(config.hidden_size, config.nonlinearity, config.bias)
    return RecurrentModel(signature, recurrent_layer(cell, signature.input_size, config))


def rnn_embed(config: RnnEmbedConfig, signature: Signature) -> RecurrentModel:
    """An embedding of tokens and layers of RNN, in one or two directions."""
    cell = RnnCell(config.hidden_size, config.nonlinearity, config.bias)
    recurrent = recurrent_layer(cell, config.embedding_size, config)
    return RecurrentModel(signature, recurrent, embedding=config)
