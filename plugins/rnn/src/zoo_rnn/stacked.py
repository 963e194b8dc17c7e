"""Layers of RNN."""

from __future__ import annotations

from typing import final

from zoo_core.runtime.batch import Batch, Output
from zoo_core.runtime.model import AbstractRecurrentModel
from zoo_core.runtime.recurrent import recurrent_layer
from zoo_core.runtime.state import State

from zoo_core import Signature
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

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) to logits (B, T, classes), or (B, classes) per sequence."""
        return self.read_out(batch.inputs, batch, state)
