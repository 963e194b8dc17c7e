"""Models: the interface, and the recurrent model that most cells use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core.configs.layers import (
    AbstractEmbeddedRecurrentConfig,
    AbstractEmbeddingConfig,
    AbstractTiedEmbeddingConfig,
)
from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.elapsed import elapsed_feature, split_elapsed
from zoo_core.runtime.nn.embedding import Embedding, has_hooks
from zoo_core.runtime.nn.recurrent import Recurrent, recurrent_layer
from zoo_core.runtime.nn.state import State

MIN_NUMBERS_FOR_TIME_MAJOR = 1 << 16
"""Hidden numbers from which copying them takes longer than transposing before and after."""


class AbstractModel(nn.Module, ABC):
    """A network with the inputs and outputs of a signature.

    Args:
        signature: The inputs and outputs.

    Attributes:
        signature: The inputs and outputs.
        causal: Whether no output depends on a later input.
        carries_state: Whether a sequence fed in pieces, each from the state after the previous
            piece, gives the same outputs as the whole sequence.
        window: The number of steps that a model without state needs; None if any number is fine.
        min_steps: The fewest steps that the model takes.
        takes_resets: Whether the model starts its state anew at the steps that ``Batch.resets``
            marks. A batch with marks is refused for a model that does not.
        exportable: Whether torch.export can trace the model: no control flow depends on the value
            of a tensor.
        needs_whole_batch: Whether training computes something over all rows of a batch, as batch
            normalization does. Such a batch is not computed in parts, nor by several processes.
        reads_inputs: Whether the outputs depend on the inputs. Those of a model that answers its
            further inputs alone depend on nothing else of the inputs than their number of steps.
        penalty: What the last forward pass in training adds to the loss, a scalar, such as a
            regularisation of activations; None for nothing. The training step takes it, and no
            metric counts it.
    """

    causal: bool
    carries_state: bool
    window: int | None = None
    min_steps: int = 1
    takes_resets: bool = False
    exportable: bool = True
    needs_whole_batch: bool = False
    reads_inputs: bool = True
    penalty: Tensor | None = None

    def __init__(self, signature: Signature) -> None:
        super().__init__()
        self.signature = signature

    @abstractmethod
    def initial_state(self, batch_size: int) -> State | None:
        """Returns the state before the first step, or None for a model without state."""

    def check_takes(self, batch: Batch) -> None:
        """Checks that the model does not overlook a part of a batch.

        Raises:
            MisfitError: The batch starts states anew, which the model cannot.
        """
        if batch.resets is not None and not self.takes_resets:
            raise MisfitError(
                "the model cannot start its state anew within a row, as this data asks for; use "
                "data without resets (for files of text --dataset.between-files join), or another "
                "model"
            )

    def __call__(self, batch: Batch, state: State | None = None) -> Output:
        """Calls ``forward`` and the hooks of the module.

        Raises:
            TypeError: The first argument is no batch, such as a tensor.
        """
        if not isinstance(batch, Batch):
            raise TypeError(
                f"a model takes a batch, not {type(batch).__name__}: write model(Batch(inputs)), "
                "with Batch of zoo_core.runtime.nn"
            )
        # Called at every step of a text, where super() would take as long as the check.
        output: Output = nn.Module.__call__(self, batch, state)
        return output

    @abstractmethod
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Computes the logits of a batch, starting from a state; None is the initial one."""


@final
class RecurrentModel(AbstractModel):
    """A recurrent layer between inputs and a linear output layer, with or without an embedding.

    A model that does anything else subclasses AbstractModel and writes its own ``forward``.

    Args:
        signature: The inputs and outputs.
        recurrent: The recurrent layer.
        embedding: The settings of the embedding that tokens pass through first; None if the
            recurrent layer takes one-hot symbols or features.

    Raises:
        ConfigError: The weights are to be tied, and cannot be.
    """

    takes_resets = True

    def __init__(
        self,
        signature: Signature,
        recurrent: Recurrent,
        embedding: AbstractEmbeddingConfig | None = None,
    ) -> None:
        super().__init__(signature)
        self.recurrent = recurrent
        # The order decides which random numbers each layer starts from: the embedding is last.
        self.output = nn.Linear(recurrent.output_size, signature.outputs.width)
        self.embedding: Embedding | None = None
        if embedding is not None:
            self.embedding = Embedding(embedding, signature.input_size)
            if isinstance(embedding, AbstractTiedEmbeddingConfig) and embedding.tie_weights:
                self._tie_weights(embedding)
        self.causal = self.carries_state = recurrent.directions == 1
        # The layer is as wide as the other features, if its cell takes their times.
        is_timed = recurrent.cell.takes_elapsed and recurrent.input_size < signature.input_size
        self._elapsed = elapsed_feature(signature) if is_timed else None

    def _tie_weights(self, config: AbstractTiedEmbeddingConfig) -> None:
        """Makes the embedding's table E (V, E) the output layer's weight: logits = h Eᵀ + b.

        Source: Press & Wolf (2017), Using the Output Embedding to Improve Language Models.

        Raises:
            ConfigError: The embedding and the output layer have different shapes, or a setting of
                the embedding does not go with it.
        """
        assert self.embedding is not None, "there is an embedding to tie"
        table, weight = self.embedding.weight, self.output.weight
        if table.shape[1] != weight.shape[1]:
            raise ConfigError(
                "model.tie_weights = true needs an embedding as wide as the outputs: "
                f"embedding_size is {table.shape[1]}, the outputs have {weight.shape[1]} units"
            )
        if table.shape[0] != weight.shape[0]:
            raise ConfigError(
                "model.tie_weights = true needs the next symbol as the label: there are "
                f"{table.shape[0]} symbols and {weight.shape[0]} outputs"
            )
        for name, is_set in {
            "sparse": config.sparse,
            "padding_idx": config.padding_idx is not None,
        }.items():
            if is_set:
                raise ConfigError(
                    f"model.tie_weights = true does not go with model.{name}, which leaves rows of "
                    "the embedding without a gradient; choose one of them"
                )
        self.output.weight = table

    def initial_state(self, batch_size: int) -> State:
        """Returns the initial state of every layer and direction."""
        return self.recurrent.initial_state(batch_size)

    @property
    def has_default_forward(self) -> bool:
        """Whether a text loop may bypass ``forward`` and use the layers' weights instead.

        It may not if a layer was replaced by one of another type, or if a hook expects a call.
        """
        return (
            type(self) is RecurrentModel
            and type(self.output) is nn.Linear
            and self.output.bias is not None
            and type(self.embedding) in (Embedding, type(None))
            and not any(has_hooks(module) for module in self.modules())
            and isinstance(self.signature.outputs, Classes)
            and self.signature.inputs == Tokens(self.signature.outputs.size)
        )

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) or features (B, T, F) to logits (B, T, W) or (B, W)."""
        inputs, elapsed = batch.inputs, None
        if self._elapsed is not None:
            inputs, elapsed = split_elapsed(inputs, self._elapsed)
        hidden, after = self.recurrent(
            inputs, state, batch.lengths, self.embedding, batch.resets, elapsed
        )
        if self.signature.outputs.per != "step":
            last = self.recurrent.last(hidden, after, batch.lengths)
            return Output(self.output(last), after)
        if prefer_time_major(hidden, self.signature.outputs.width):
            return Output(self.output(hidden.transpose(0, 1)).transpose(0, 1), after)
        return Output(self.output(hidden), after)


def prefer_time_major(hidden: Tensor, width: int) -> bool:
    """Whether (B, T, P) lies time-major in memory, and is larger than the logits.

    The linear layer would copy it to make it contiguous; two transpositions copy the logits only.
    """
    # A trace must hold for any batch size, so it must not depend on the number of elements.
    if torch.compiler.is_compiling():
        return False
    if hidden.numel() < MIN_NUMBERS_FOR_TIME_MAJOR or width > hidden.shape[2]:
        return False
    return hidden.transpose(0, 1).is_contiguous()


def recurrent_model(
    cell: AbstractCell[Any], config: AbstractEmbeddedRecurrentConfig, signature: Signature
) -> RecurrentModel:
    """Builds layers of a cell and a linear output layer, above an embedding of tokens.

    Features have no embedding. A feature named ``elapsed`` is the time since the step before, if
    the cell takes it; every layer then gets it beside its inputs.

    Args:
        cell: The equations.
        config: The settings of the layers and the embedding.
        signature: What goes in and what comes out.
    """
    if isinstance(signature.inputs, Tokens):
        layers = recurrent_layer(cell, config.embedding_size, config)
        return RecurrentModel(signature, layers, embedding=config)
    is_timed = cell.takes_elapsed and elapsed_feature(signature) is not None
    size = signature.input_size - 1 if is_timed else signature.input_size
    return RecurrentModel(signature, recurrent_layer(cell, size, config))
