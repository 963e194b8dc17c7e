"""An embedding and layers of LSTM."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_lstm.cell import LstmCell
from zoo_lstm.configs import LstmEmbedConfig


@final
class EmbeddingLstm(AbstractRecurrentModel):
    """Embedding, layers of LSTM, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out; the inputs are tokens.
    """

    def __init__(self, config: LstmEmbedConfig, signature: Signature) -> None:
        cell = LstmCell(config.hidden_size, config.bias, config.proj_size)
        recurrent = recurrent_layer(cell, config.embedding_size, config)
        super().__init__(signature, recurrent)
        self.embedding = Embedding(config, signature.input_size)
