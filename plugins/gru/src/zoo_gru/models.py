"""The GRU models: a recurrent layer and a linear output layer."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import Recurrent, RecurrentModel, recurrent_layer
from zoo_gru.cell import GruCell, ResetBeforeGruCell
from zoo_gru.configs import GruEmbedConfig, GruManualConfig, GruStackedConfig


def gru_manual(config: GruManualConfig, signature: Signature) -> RecurrentModel:
    """One layer of either GRU over one-hot symbols or features."""
    cell_type = GruCell if config.reset_after else ResetBeforeGruCell
    cell = cell_type(config.hidden_size, config.bias)
    return RecurrentModel(signature, Recurrent(cell, signature.input_size))


def gru_stacked(config: GruStackedConfig, signature: Signature) -> RecurrentModel:
    """Layers of GRU over one-hot symbols or features, in one or two directions."""
    cell = GruCell(config.hidden_size, config.bias)
    return RecurrentModel(signature, recurrent_layer(cell, signature.input_size, config))


def gru_embed(config: GruEmbedConfig, signature: Signature) -> RecurrentModel:
    """An embedding of tokens and layers of GRU, in one or two directions."""
    cell = GruCell(config.hidden_size, config.bias)
    recurrent = recurrent_layer(cell, config.embedding_size, config)
    return RecurrentModel(signature, recurrent, embedding=config)
