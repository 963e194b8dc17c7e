"""Views into a model: ``zoo_core.inspect``, ``states``, ``embeddings`` and ``attention``."""

from __future__ import annotations

from typing import overload

import numpy as np

from zoo_core.arguments import check_arguments
from zoo_core.data.vocabulary import REFUSE, Unknown
from zoo_core.errors import DataError
from zoo_core.runtime.api.arguments import WORDS, Numbers, check_count, encode
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.inspection.attention import AttentionMap, inspect_attention
from zoo_core.runtime.inspection.inspect_text import inspect_text
from zoo_core.runtime.inspection.inspection import Activations, Inspection
from zoo_core.runtime.inspection.vectors import sequence_vector, symbol_vectors


@check_arguments(WORDS)
def inspect(
    checkpoint: Checkpoint,
    text: str,
    *,
    layer: int | None = None,
    gate: str = "",
    gates: bool = True,
    top: int = 0,
) -> Inspection:
    """Returns what a recurrent model computes and expects at every symbol of a text.

    Args:
        checkpoint: The checkpoint.
        text: The text. Symbols that the model does not know are skipped.
        layer: The layer to keep, from 0; None for all.
        gate: The state or gate to keep, such as ``hidden``, ``cell`` or ``forget``; empty for all.
        gates: Whether to keep gates beside the states, if ``gate`` names none.
        top: How many units to rank for each probe, by their states or by ``gate``.

    Raises:
        ConfigError: There is no such layer, or ``top`` is negative.
        DataError: The text has no symbol that the model knows, or fewer than its window.
        DeviceError: The activations do not fit into the free memory.
        MisfitError: The model has no recurrent state, or reads no text.
        NotFoundError: There is no such state or gate.
    """
    check_count("top", top)
    return inspect_text(
        checkpoint.model,
        checkpoint.dataset,
        text,
        name=checkpoint.run_config.model,
        layer=layer,
        gate=gate,
        gates=gates,
        top=top,
    )


@check_arguments(WORDS)
def attention(checkpoint: Checkpoint, text: str, *, unknown: Unknown = REFUSE) -> AttentionMap:
    """Returns where a model looks in a source while it writes the target.

    Args:
        checkpoint: The checkpoint of a model that translates with attention.
        text: The source.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: The text is empty or has symbols that the vocabulary lacks.
        MisfitError: The model has no attention.
    """
    model, name = checkpoint.model, checkpoint.run_config.model
    return inspect_attention(model, checkpoint.dataset, text, name=name, unknown=unknown)


@overload
def states(
    checkpoint: Checkpoint,
    texts: str,
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> Activations: ...
@overload
def states(
    checkpoint: Checkpoint,
    texts: list[str],
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> list[Activations]: ...
@overload
def states(
    checkpoint: Checkpoint,
    texts: Numbers,
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> Activations | list[Activations]: ...
@check_arguments(WORDS)
def states(
    checkpoint: Checkpoint,
    texts: str | list[str] | Numbers,
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> Activations | list[Activations]:
    """Returns the hidden states of a recurrent model at every symbol of a text.

    Args:
        checkpoint: The checkpoint.
        texts: A text, or a list of texts, which has a list of arrays; of a model that was trained
            on arrays one of one input or several, as in ``predict``.
        layer: The layer, from 0; None for the last one.
        gate: A state or gate instead of the hidden state, such as ``cell`` or ``forget``.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        A numpy array (T, units) in float32 for each text; the units of a backward direction follow
        the forward ones.

    Raises:
        ConfigError: There is no such layer.
        DataError: A text has symbols that the vocabulary lacks, or fewer than the model's window.
        MisfitError: The model has no recurrent state.
        NotFoundError: There is no such state or gate.
    """
    if isinstance(texts, list):
        return [states(checkpoint, text, layer=layer, gate=gate, unknown=unknown) for text in texts]
    batch, is_one = encode(checkpoint, texts, unknown)
    found = [symbol_vectors(checkpoint.model, row, layer=layer, name=gate) for row in batch.inputs]
    return found[0] if is_one else found


@check_arguments(WORDS)
def embeddings(
    checkpoint: Checkpoint, texts: str | list[str] | Numbers, *, unknown: Unknown = REFUSE
) -> Activations:
    """Returns the last hidden state of a recurrent model for whole texts.

    It is that of the last layer after the last symbol; of a backward direction, after the first.

    Args:
        checkpoint: The checkpoint.
        texts: A text, or a list of texts; of a model that was trained on arrays one of one input or
            several, as in ``predict``.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        A numpy array in float32: (units,) for a text, (N, units) for a list of N.

    Raises:
        DataError: A text has symbols that the vocabulary lacks, or fewer than the model's window;
            or the list is empty.
        MisfitError: The model has no recurrent state.
    """
    if not isinstance(texts, list):
        batch, is_one = encode(checkpoint, texts, unknown)
        found = [sequence_vector(checkpoint.model, row) for row in batch.inputs]
        return found[0] if is_one else np.stack(found)
    if not texts:
        raise DataError("no texts; give at least one")
    return np.stack([embeddings(checkpoint, text, unknown=unknown) for text in texts])
