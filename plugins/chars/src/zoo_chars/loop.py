"""The rungs that loop: an embedding and one recurrence, the last output or every one."""

from __future__ import annotations

from typing import Any, final

from torch import nn

from zoo_chars.cells import AddCell, ConcatCell
from zoo_chars.configs import CharConfig, CharSeqRnnConfig
from zoo_core import Signature
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_rnn.cell import RnnCell


@final
class CharModel(AbstractRecurrentModel):
    """Embedding, one recurrence, linear output.

    Args:
        cell: The recurrence.
        config: What a person chose.
        signature: What goes in and comes out; the inputs are tokens.
    """

    def __init__(self, cell: AbstractCell[Any], config: CharConfig, signature: Signature) -> None:
        super().__init__(signature, Recurrent(cell, config.embedding_size))
        self.embedding = Embedding(config, signature.input_size)


def char_loop(config: CharConfig, signature: Signature) -> CharModel:
    """The second rung: the first as a loop, so that any number of symbols will do."""
    return CharModel(AddCell(config.hidden_size), config, signature)


def char_loop_concat(config: CharConfig, signature: Signature) -> CharModel:
    """The third rung: state and input side by side, where adding them loses which is which."""
    return CharModel(ConcatCell(config.hidden_size), config, signature)


def char_rnn(config: CharConfig, signature: Signature) -> CharModel:
    """The fourth rung: ``torch.nn.RNN`` in the place of the loop, its last output."""
    return CharModel(RnnCell(config.hidden_size), config, signature)


def char_seq_rnn(config: CharSeqRnnConfig, signature: Signature) -> CharModel:
    """The fifth rung: an output at every step; W_hh may start from the identity."""
    model = CharModel(RnnCell(config.hidden_size), config, signature)
    if config.recurrent_initializer == "identity":
        nn.init.eye_(model.recurrent.get_parameter("weight_hh_l0"))
    return model
