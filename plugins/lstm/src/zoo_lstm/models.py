"""The LSTM models: a recurrent layer and a linear output layer."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import Recurrent, RecurrentModel, recurrent_layer
from zoo_lstm.cell import LstmCell
from zoo_lstm.configs import LstmEmbedConfig, LstmManualConfig, LstmStackedConfig


def lstm_manual(config: LstmManualConfig, signature: Signature) -> RecurrentModel:
    """One layer of LSTM over one-hot symbols or features."""
    cell = LstmCell(config.hidden_size, config.bias)
    return RecurrentModel(signature, Recurrent(cell, signature.input_size))


def lstm_stacked(config: LstmStackedConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM over one-hot symbols or features, in one or two directions."""
    cell = LstmCell(config.hidden_size, config.bias, config.proj_size)
    return RecurrentModel(signature, recurrent_layer(cell, signature.input_size, config))


def lstm_embed(config: LstmEmbedConfig, signature: Signature) -> RecurrentModel:
    """An embedding of tokens and layers of LSTM, in one or two directions."""
    cell = LstmCell(config.hidden_size, config.bias, config.proj_size)
    recurrent = recurrent_layer(cell, config.embedding_size, config)
    return RecurrentModel(signature, recurrent, embedding=config)
