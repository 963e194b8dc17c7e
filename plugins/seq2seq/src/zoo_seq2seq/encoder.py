"""What encoders and decoders share: the source of a batch, and initial weights."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import Tensor, nn

from zoo_core import Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.building.cells import make_cell
from zoo_core.runtime.nn import Batch, Recurrent, State
from zoo_seq2seq.configs import AbstractEncoderDecoderConfig

SOURCE = "source"
"""The name of the further input that is encoded."""


@final
class SourceMemory(NamedTuple):
    """The source as a decoder without attention sees it.

    Args:
        context: The last output of the encoder, (B, P); (B, 0) before the source is read.
    """

    context: Tensor


def source_size(signature: Signature, name: str) -> int:
    """Returns the number of symbols of the source.

    Args:
        signature: The inputs and outputs of a model.
        name: The name of the model, for the error.

    Raises:
        MisfitError: The data has no source, or one that is no sequence of symbols.
    """
    tokens = signature.context.get(SOURCE)
    if not isinstance(tokens, Tokens) or len(signature.context) != 1:
        raise MisfitError(
            f"{name} writes a target for a source, and this data has none; try: --dataset "
            "number-words"
        )
    return tokens.size


def source_of(batch: Batch) -> tuple[Tensor, Tensor | None]:
    """Returns the source of a batch, (B, S), and the number of valid steps of each row, (B,).

    Raises:
        MisfitError: The batch has no source.
    """
    if batch.context is None or SOURCE not in batch.context:
        raise MisfitError("the batch has no source, from which the model answers")
    return batch.context[SOURCE], (batch.context_lengths or {}).get(SOURCE)


def recurrent_of(
    config: AbstractEncoderDecoderConfig,
    input_size: int,
    *,
    dropout: float,
    bidirectional: bool = False,
) -> Recurrent:
    """Returns the layers of an encoder or a decoder.

    Args:
        config: Names the cell, its width and the number of layers.
        input_size: The width of the inputs.
        dropout: The probability of dropping an output between layers.
        bidirectional: Whether every layer also runs from the last step to the first.

    Raises:
        ConfigError: The cell is that of no recurrent model, or a setting of it is not allowed.
    """
    cell = make_cell(config.cell, config.cell_settings or (), config.hidden_size)
    return Recurrent(
        cell,
        input_size,
        num_layers=config.num_layers,
        bidirectional=bidirectional,
        dropout=dropout,
    )


def draw_xavier(model: nn.Module) -> None:
    """Draws the matrices of linear and recurrent layers anew, as Glorot & Bengio (2010).

    The numbers of a matrix (m, n) are uniform between ±√(6 / (m + n)); the matrices of all gates
    of a layer count as one. Embeddings and biases stay.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
        if isinstance(module, Recurrent):
            for name, parameter in module.named_parameters(recurse=False):
                if name.startswith("weight") and parameter.dim() == 2:
                    nn.init.xavier_uniform_(parameter)


def is_read(state: State | None) -> bool:
    """Whether a state holds a source already."""
    return state is not None and state[-1][0].shape[1] > 0
