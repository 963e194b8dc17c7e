# [model]
"""The model: layers of the cell, and a linear output."""

from __future__ import annotations

from typing import final

from zoo_core import Signature
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import recurrent_layer
from zoo_core.runtime.nn.state import State

from zoo_plugin_quokka.cell import QuokkaCell
from zoo_plugin_quokka.configs import QuokkaConfig


@final
class QuokkaModel(AbstractRecurrentModel):
    """One-hot symbols, layers of minimal gated units in one or two directions, linear output.

    Args:
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(self, config: QuokkaConfig, signature: Signature) -> None:
        cell = QuokkaCell(config.hidden_size, config.bias, config.gate_bias)
        super().__init__(signature, recurrent_layer(cell, signature.input_size, config))

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) to logits (B, T, classes), or (B, classes) per sequence."""
        return self.read_out(batch.inputs, batch, state)


# [end]
