"""The character models with a loop: an embedding and one recurrence."""

from __future__ import annotations

from torch import nn

from zoo_chars.cells import AddCell, ConcatCell
from zoo_chars.configs import CharConfig, CharSeqRnnConfig
from zoo_core import Signature
from zoo_core.runtime.nn import Recurrent, RecurrentModel
from zoo_rnn.cell import RnnCell


def char_loop(config: CharConfig, signature: Signature) -> RecurrentModel:
    """The second model of the lesson: char-three as a loop over any number of characters."""
    recurrent = Recurrent(AddCell(config.hidden_size), config.embedding_size)
    return RecurrentModel(signature, recurrent, embedding=config)


def char_loop_concat(config: CharConfig, signature: Signature) -> RecurrentModel:
    """The third model: state and input are concatenated, as their sum does not tell them apart."""
    recurrent = Recurrent(ConcatCell(config.hidden_size), config.embedding_size)
    return RecurrentModel(signature, recurrent, embedding=config)


def char_rnn(config: CharConfig, signature: Signature) -> RecurrentModel:
    """The fourth model: an RNN with the equations of ``torch.nn.RNN``."""
    recurrent = Recurrent(RnnCell(config.hidden_size), config.embedding_size)
    return RecurrentModel(signature, recurrent, embedding=config)


def char_seq_rnn(config: CharSeqRnnConfig, signature: Signature) -> RecurrentModel:
    """The fifth model: an output at every step; W_hh can start as the identity."""
    model = char_rnn(config, signature)
    if config.recurrent_initializer == "identity":
        nn.init.eye_(model.recurrent.get_parameter("weight_hh_l0"))
    return model
