"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from typing import Any

from zoo_core import Signature
from zoo_core.runtime.nn import AbstractCell, RecurrentModel, recurrent_layer
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
    return _model(LayerNormLstmCell(config.hidden_size, config.bias), config, signature)


def peephole_lstm(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with peepholes."""
    return _model(PeepholeLstmCell(config.hidden_size, config.bias), config, signature)


def cifg_lstm(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with coupled input and forget gates."""
    return _model(CifgLstmCell(config.hidden_size, config.bias), config, signature)


def zoneout_lstm(config: ZoneoutConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with zoneout."""
    cell = ZoneoutLstmCell(
        config.hidden_size, config.bias, config.zoneout_cell, config.zoneout_hidden
    )
    return _model(cell, config, signature)


def recurrent_dropout_lstm(config: RecurrentDropoutConfig, signature: Signature) -> RecurrentModel:
    """Layers of LSTM with recurrent dropout."""
    cell = RecurrentDropoutLstmCell(config.hidden_size, config.bias, config.recurrent_dropout)
    return _model(cell, config, signature)


def mgu(config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal gated units."""
    return _model(MguCell(config.hidden_size, config.bias), config, signature)


def indrnn(config: IndRnnConfig, signature: Signature) -> RecurrentModel:
    """Layers of IndRNN."""
    return _model(IndRnnCell(config.hidden_size, config.activation, config.bias), config, signature)


def janet(config: JanetConfig, signature: Signature) -> RecurrentModel:
    """Layers of JANET."""
    cell = JanetCell(config.hidden_size, config.bias, config.beta, config.chrono_steps)
    return _model(cell, config, signature)


def _model(cell: AbstractCell[Any], config: GatesConfig, signature: Signature) -> RecurrentModel:
    """Returns layers of a cell, above an embedding if the inputs are tokens."""
    if signature.inputs.kind != "tokens":
        layers = recurrent_layer(cell, signature.input_size, config)
        return RecurrentModel(signature, layers)
    return RecurrentModel(
        signature, recurrent_layer(cell, config.embedding_size, config), embedding=config
    )
