"""An embedding and layers of RNN."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_rnn.cell import RnnCell
from zoo_rnn.configs import RnnEmbedConfig


@final
class EmbeddingRnn(AbstractRecurrentModel):
    """Embedding, layers of RNN, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out; the inputs are tokens.
    """

    def __init__(self, config: RnnEmbedConfig, signature: Signature) -> None:
        cell = RnnCell(config.hidden_size, config.nonlinearity, config.bias)
        recurrent = recurrent_layer(cell, config.embedding_size, config)
        super().__init__(signature, recurrent)
        self.embedding = Embedding(config, signature.input_size)
