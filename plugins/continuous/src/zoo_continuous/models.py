"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from zoo_continuous.cfc import CfcCell
from zoo_continuous.configs import CfcConfig
from zoo_core import Signature
from zoo_core.runtime.nn import RecurrentModel, recurrent_model


def cfc(config: CfcConfig, signature: Signature) -> RecurrentModel:
    """Layers of CfC; a feature named ``elapsed`` is the time since the step before."""
    cell = CfcCell(
        config.hidden_size,
        config.bias,
        config.mode,
        config.backbone_units,
        config.backbone_layers,
        config.backbone_activation,
    )
    return recurrent_model(cell, config, signature)
