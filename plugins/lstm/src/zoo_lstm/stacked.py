"""Layers of LSTM."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_lstm.cell import LstmCell
from zoo_lstm.configs import LstmStackedConfig


@final
class StackedLstm(AbstractRecurrentModel):
    """One-hot symbols, layers of LSTM in one or two directions, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: LstmStackedConfig, signature: Signature) -> None:
        cell = LstmCell(config.hidden_size, config.bias, config.proj_size)
        recurrent = recurrent_layer(cell, signature.input_size, config)
        super().__init__(signature, recurrent)
