"""The language models from scratch: bare matrices, drawn as in the book."""

from __future__ import annotations

from typing import Any

from torch import nn

from zoo_core import Signature
from zoo_core.runtime.nn import AbstractCell, Recurrent, RecurrentModel
from zoo_scratch.configs import ScratchConfig
from zoo_scratch.gru import ScratchGruCell
from zoo_scratch.lstm import ScratchLstmCell
from zoo_scratch.rnn import ScratchRnnCell


def rnn_scratch(config: ScratchConfig, signature: Signature) -> RecurrentModel:
    """One layer of ScratchRnnCell over one-hot symbols."""
    return _scratch_model(ScratchRnnCell(config.hidden_size), config, signature)


def gru_scratch(config: ScratchConfig, signature: Signature) -> RecurrentModel:
    """One layer of ScratchGruCell over one-hot symbols."""
    return _scratch_model(ScratchGruCell(config.hidden_size), config, signature)


def lstm_scratch(config: ScratchConfig, signature: Signature) -> RecurrentModel:
    """One layer of ScratchLstmCell over one-hot symbols."""
    return _scratch_model(ScratchLstmCell(config.hidden_size), config, signature)


def _scratch_model(
    cell: AbstractCell[Any], config: ScratchConfig, signature: Signature
) -> RecurrentModel:
    """A model whose matrices start as N(0, sigma²) and whose biases start as zero."""
    model = RecurrentModel(signature, Recurrent(cell, signature.input_size))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=config.sigma)
        else:
            nn.init.zeros_(parameter)
    return model
