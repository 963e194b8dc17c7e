"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import RecurrentModel, recurrent_model
from zoo_matrix.configs import DeltaConfig, MlstmConfig, SlstmConfig
from zoo_matrix.delta import DeltaNetCell, GatedDeltaNetCell
from zoo_matrix.mlstm import MlstmCell
from zoo_matrix.slstm import SlstmCell


def mlstm(config: MlstmConfig, signature: Signature) -> RecurrentModel:
    """Layers of mLSTM."""
    cell = MlstmCell(
        config.hidden_size, config.num_heads, config.key_size, config.forget_gate, config.bias
    )
    return recurrent_model(cell, config, signature)


def slstm(config: SlstmConfig, signature: Signature) -> RecurrentModel:
    """Layers of sLSTM."""
    cell = SlstmCell(config.hidden_size, config.num_heads, config.forget_gate, config.bias)
    return recurrent_model(cell, config, signature)


def deltanet(config: DeltaConfig, signature: Signature) -> RecurrentModel:
    """Layers of DeltaNet."""
    cell = DeltaNetCell(
        config.hidden_size,
        config.num_heads,
        config.key_size,
        config.negative_eigenvalues,
        config.bias,
    )
    return recurrent_model(cell, config, signature)


def gated_deltanet(config: DeltaConfig, signature: Signature) -> RecurrentModel:
    """Layers of gated DeltaNet."""
    cell = GatedDeltaNetCell(
        config.hidden_size,
        config.num_heads,
        config.key_size,
        config.negative_eigenvalues,
        config.bias,
    )
    return recurrent_model(cell, config, signature)
