"""One RNN cell stepped through time."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_rnn.cell import RnnCell
from zoo_rnn.configs import RnnCellConfig


@final
class SteppedRnn(AbstractRecurrentModel):
    """One-hot symbols, one RNN cell, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: RnnCellConfig, signature: Signature) -> None:
        cell = RnnCell(config.hidden_size, config.nonlinearity, config.bias)
        super().__init__(signature, Recurrent(cell, signature.input_size))
