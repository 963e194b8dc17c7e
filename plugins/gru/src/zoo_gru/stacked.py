"""Layers of GRU."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_gru.cell import GruCell
from zoo_gru.configs import GruStackedConfig


@final
class StackedGru(AbstractRecurrentModel):
    """One-hot symbols, layers of GRU in one or two directions, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: GruStackedConfig, signature: Signature) -> None:
        cell = GruCell(config.hidden_size, config.bias)
        recurrent = recurrent_layer(cell, signature.input_size, config)
        super().__init__(signature, recurrent)
