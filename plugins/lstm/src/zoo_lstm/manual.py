"""An LSTM with its gates written out."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_lstm.cell import LstmCell
from zoo_lstm.configs import LstmManualConfig


@final
class ManualLstm(AbstractRecurrentModel):
    """One-hot symbols, one LSTM, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: LstmManualConfig, signature: Signature) -> None:
        cell = LstmCell(config.hidden_size, config.bias)
        super().__init__(signature, Recurrent(cell, signature.input_size))
