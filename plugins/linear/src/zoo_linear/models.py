"""The models: layers of a cell and a linear output layer, above an embedding of tokens."""

from __future__ import annotations

from zoo_core import Signature
from zoo_core.runtime.nn import RecurrentModel, recurrent_model
from zoo_linear.configs import (
    LinearConfig,
    LruConfig,
    MinimalConfig,
    RgLruConfig,
    S4dConfig,
    S6Config,
    SruConfig,
)
from zoo_linear.lru import LruCell
from zoo_linear.minimal import MinGruCell, MinLstmCell
from zoo_linear.qrnn import QrnnCell
from zoo_linear.rg_lru import RgLruCell
from zoo_linear.s4d import S4dCell
from zoo_linear.s6 import S6Cell
from zoo_linear.sru import SruCell


def min_gru(config: MinimalConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal GRU."""
    cell = MinGruCell(config.hidden_size, config.candidate, config.bias)
    return recurrent_model(cell, config, signature)


def min_lstm(config: MinimalConfig, signature: Signature) -> RecurrentModel:
    """Layers of minimal LSTM."""
    cell = MinLstmCell(config.hidden_size, config.candidate, config.bias)
    return recurrent_model(cell, config, signature)


def lru(config: LruConfig, signature: Signature) -> RecurrentModel:
    """Layers of LRU."""
    cell = LruCell(
        config.hidden_size, config.bias, config.min_radius, config.max_radius, config.max_phase
    )
    return recurrent_model(cell, config, signature)


def qrnn(config: LinearConfig, signature: Signature) -> RecurrentModel:
    """Layers of QRNN."""
    return recurrent_model(QrnnCell(config.hidden_size, config.bias), config, signature)


def rg_lru(config: RgLruConfig, signature: Signature) -> RecurrentModel:
    """Layers of RG-LRU."""
    cell = RgLruCell(config.hidden_size, config.bias, config.min_decay, config.max_decay)
    return recurrent_model(cell, config, signature)


def s4d(config: S4dConfig, signature: Signature) -> RecurrentModel:
    """Layers of S4D."""
    cell = S4dCell(config.hidden_size, config.state_size, config.bias)
    return recurrent_model(cell, config, signature)


def s6(config: S6Config, signature: Signature) -> RecurrentModel:
    """Layers of S6."""
    cell = S6Cell(
        config.hidden_size,
        config.state_size,
        config.expansion,
        config.window,
        config.rank,
        config.bias,
        config.negative_eigenvalues,
    )
    return recurrent_model(cell, config, signature)


def sru(config: SruConfig, signature: Signature) -> RecurrentModel:
    """Layers of SRU."""
    cell = SruCell(config.hidden_size, config.bias, config.highway_bias)
    return recurrent_model(cell, config, signature)
