"""Layers of RNN."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_rnn.cell import RnnCell
from zoo_rnn.configs import RnnStackedConfig


@final
class StackedRnn(AbstractRecurrentModel):
    """One-hot symbols, layers of RNN in one or two directions, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: RnnStackedConfig, signature: Signature) -> None:
        cell = RnnCell(config.hidden_size, config.nonlinearity, config.bias)
        recurrent = recurrent_layer(cell, signature.input_size, config)
        super().__init__(signature, recurrent)
