"""What a model is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from zoo_core.data.signature import Signature, Tokens
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.embedding import Embedding, hooked
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.state import State

MANY = 1 << 16
"""Numbers whose copy takes longer than turning their axes before and after."""


class AbstractModel(nn.Module, ABC):
    """A network with the shape that a signature asks for.

    Attributes:
        signature: What goes in and comes out.
        causal: Whether a later input changes no earlier output.
        carries_state: Whether pieces, each started from the state of the one before, give what
            the whole gives.
        window: How many steps a model without state must be fed; None if any number will do.
        exportable: Whether torch.export can trace it: no value of a tensor decides what is done.
    """

    causal: bool
    carries_state: bool
    window: int | None = None
    exportable: bool = True

    def __init__(self, signature: Signature) -> None:
        super().__init__()
        self.signature = signature

    @abstractmethod
    def initial_state(self, batch_size: int) -> State | None:
        """The state before the first step, or None if there is none."""

    @abstractmethod
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Answers a batch, starting from a state; None is the initial one."""


class AbstractRecurrentModel(AbstractModel):
    """A reader of inputs, a recurrent layer and a linear output layer.

    Args:
        signature: What goes in and comes out.
        recurrent: The recurrent layer.

    Attributes:
        embedding: What tokens go through first; None for one-hot symbols and features.
    """

    def __init__(self, signature: Signature, recurrent: Recurrent) -> None:
        super().__init__(signature)
        self.recurrent = recurrent
        self.output = nn.Linear(recurrent.output_size, signature.classes)
        self.embedding: Embedding | None = None
        self.causal = self.carries_state = recurrent.directions == 1

    def initial_state(self, batch_size: int) -> State:
        """Zeros for every layer and direction."""
        return self.recurrent.initial_state(batch_size)

    @property
    def plain(self) -> bool:
        """Whether its answer is a symbol's row, the recurrent layer and the output layer: no more.

        Whoever inherits from this class may change any part of that.
        """
        mine, base = type(self), AbstractRecurrentModel
        return (
            (mine.forward, mine.read_out) == (base.forward, base.read_out)
            and type(self.output) is nn.Linear
            and self.output.bias is not None
            and type(self.embedding) in (Embedding, type(None))
            and not any(map(hooked, self.modules()))
            and self.signature.inputs == Tokens(self.signature.classes)
        )

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) to logits (B, T, classes), or (B, classes) per sequence."""
        return self.read_out(batch.inputs, batch, state, self.embedding)

    def read_out(
        self,
        inputs: Tensor,
        batch: Batch,
        state: State | None,
        embedding: Embedding | None = None,
    ) -> Output:
        """Runs the recurrent layer and the output layer.

        Args:
            inputs: (B, T, F), or tokens (B, T) in the place of one-hot vectors.
            batch: Whose lengths count.
            state: Where to start.
            embedding: What tokens go through first.
        """
        hidden, after = self.recurrent(inputs, state, batch.lengths, embedding)  # (B, T, H)
        if self.signature.per != "step":
            return Output(self.output(self.recurrent.last(after)), after)
        if _repays_turning(hidden, self.signature.classes):
            return Output(self.output(hidden.transpose(0, 1)).transpose(0, 1), after)
        return Output(self.output(hidden), after)


def _repays_turning(hidden: Tensor, classes: int) -> bool:
    """Whether (B, T, H) lies steps first, and copying it would cost more than copying the logits.

    A trace is to hold for any number of rows, so that it must not ask for it.
    """
    if torch.compiler.is_compiling() or hidden.numel() < MANY or classes > hidden.shape[2]:
        return False
    return hidden.transpose(0, 1).is_contiguous()
