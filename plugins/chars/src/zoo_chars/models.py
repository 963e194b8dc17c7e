"""The models with a loop and nothing else: an embedding and one recurrence."""

from __future__ import annotations

from torch import nn

from zoo_chars.cells import AddCell, ConcatCell, WordCell
from zoo_chars.configs import CharConfig, CharSeqRnnConfig, WordConfig
from zoo_core import AbstractEmbeddingConfig, Signature
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


def word_loop(config: WordConfig, signature: Signature) -> RecurrentModel:
    """The loop of the book, where a word is an embedding that is added to the state."""
    width = config.hidden_size
    embedding = AbstractEmbeddingConfig(embedding_size=width)
    return RecurrentModel(signature, Recurrent(WordCell(width), width), embedding=embedding)
