"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import RecurrentModel, recurrent_model
from zoo_gates.configs import (
    GatesConfig,
    IndRnnConfig,
    JanetConfig,
    RecurrentDropoutConfig,
    ZoneoutConfig,
)
from zoo_gates.coupled import CifgLstmCell
from zoo_gates.indrnn import IndRnnCell
from zoo_gates.janet import JanetCell
from zoo_gates.layer_norm import LayerNormLstmCell
from zoo_gates.mgu import MguCell
from zoo_gates.noise import RecurrentDropoutLstmCell, ZoneoutLstmCell
from zoo_gates.peephole import PeepholeLstmCell


def layer_norm_lstm(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with layer normalization."""
    return recurrent_model(LayerNormLstmCell(config.hidden_size, config.bias), config, signature)


def peephole_lstm(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with peepholes."""
    return recurrent_model(PeepholeLstmCell(config.hidden_size, config.bias), config, signature)


def cifg_lstm(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with coupled input and forget gates."""
    return recurrent_model(CifgLstmCell(config.hidden_size, config.bias), config, signature)


def zoneout_lstm(config: ZoneoutConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with zoneout."""
    cell = ZoneoutLstmCell(
        config.hidden_size, config.bias, config.zoneout_cell, config.zoneout_hidden
    )
    return recurrent_model(cell, config, signature)


def recurrent_dropout_lstm(config: RecurrentDropoutConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with recurrent dropout."""
    cell = RecurrentDropoutLstmCell(config.hidden_size, config.bias, config.recurrent_dropout)
    return recurrent_model(cell, config, signature)


def mgu(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal gated units."""
    return recurrent_model(MguCell(config.hidden_size, config.bias), config, signature)


def indrnn(config: IndRnnConfig, signature: Signature) -> RecurrentModel:
    """Layers of IndRNN."""
    cell = IndRnnCell(config.hidden_size, config.activation, config.bias)
    return recurrent_model(cell, config, signature)


def janet(config: JanetConfig, signature: Signature) -> RecurrentModel:
    """Layers of JANET."""
    cell = JanetCell(config.hidden_size, config.bias, config.beta, config.chrono_steps)
    return recurrent_model(cell, config, signature)
