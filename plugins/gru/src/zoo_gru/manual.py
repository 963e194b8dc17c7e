"""A GRU with its gates written out."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_gru.cell import GruCell
from zoo_gru.configs import GruManualConfig


@final
class ManualGru(AbstractRecurrentModel):
    """One-hot symbols, one GRU, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: GruManualConfig, signature: Signature) -> None:
        cell = GruCell(config.hidden_size, config.bias, config.reset_after)
        super().__init__(signature, Recurrent(cell, signature.input_size))
