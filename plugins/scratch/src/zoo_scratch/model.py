"""The language model from scratch, over any of its cells."""

from __future__ import annotations

from typing import Any, final

from torch import nn

from zoo_core import Signature
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_scratch.configs import ScratchConfig


@final
class ScratchModel(AbstractRecurrentModel):
    """One-hot symbols, a recurrence, an output layer: matrices and biases, nothing else.

    Every matrix starts as N(0, sigma²), every bias as zero. The product of a one-hot vector and a
    matrix is one of its rows, so the row is looked up.

    Args:
        cell: The recurrence.
        config: What a person chose.
        signature: What goes in and comes out.
    """

    def __init__(
        self, cell: AbstractCell[Any], config: ScratchConfig, signature: Signature
    ) -> None:
        super().__init__(signature, Recurrent(cell, signature.input_size))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=config.sigma)
            else:
                nn.init.zeros_(parameter)


def one_bias_shapes(gates: int, hidden_size: int, input_size: int) -> dict[str, tuple[int, ...]]:
    """The shapes of torch's weights for a cell with so many gates, without the second bias."""
    width = gates * hidden_size
    return {
        "weight_ih": (width, input_size),
        "weight_hh": (width, hidden_size),
        "bias_ih": (width,),
    }
