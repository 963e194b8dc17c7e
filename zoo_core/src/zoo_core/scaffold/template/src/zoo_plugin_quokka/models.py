# [model]
"""The models: a recurrent layer and a linear output layer."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import RecurrentModel, recurrent_layer

from zoo_plugin_quokka.cell import QuokkaCell
from zoo_plugin_quokka.configs import QuokkaConfig


def quokka_model(config: QuokkaConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal gated units over one-hot symbols or features."""
    cell = QuokkaCell(config.hidden_size, config.bias, config.gate_bias)
    return RecurrentModel(signature, recurrent_layer(cell, signature.input_size, config))


# [end]
