"""An embedding and layers of GRU."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_gru.cell import GruCell
from zoo_gru.configs import GruEmbedConfig


@final
class EmbeddingGru(AbstractRecurrentModel):
    """Embedding, layers of GRU, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out; the inputs are tokens.
    """

    def __init__(self, config: GruEmbedConfig, signature: Signature) -> None:
        cell = GruCell(config.hidden_size, config.bias)
        recurrent = recurrent_layer(cell, config.embedding_size, config)
        super().__init__(signature, recurrent)
        self.embedding = Embedding(config, signature.input_size)
