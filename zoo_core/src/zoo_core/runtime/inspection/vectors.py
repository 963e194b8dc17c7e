"""Hidden states of texts as arrays: one vector for each symbol, or one for the whole text."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from zoo_core.runtime.inspection.inspection import Activations, find_signal
from zoo_core.runtime.inspection.reading import available_signals, read
from zoo_core.runtime.inspection.recording import recurrent_layers
from zoo_core.runtime.nn.model import AbstractModel


def symbol_vectors(
    model: AbstractModel, inputs: Tensor, *, layer: int | None = None, name: str = ""
) -> Activations:
    """Returns a state or gate at every symbol, (T, units).

    With a window, the symbols before the end of the first one have NaN.

    Args:
        model: The model, in evaluation mode.
        inputs: The tokens (T,) or features (T, F).
        layer: The layer; None for the last one.
        name: The state or gate; empty for the hidden state.

    Raises:
        ConfigError: There is no such layer.
        DataError: There are fewer symbols than the model's window.
        MisfitError: The model has no recurrent state.
        NotFoundError: There is no such state or gate.
    """
    signals = available_signals(model, inputs)
    chosen = find_signal(signals, name, layer)
    vectors = np.full((len(inputs), signals[chosen]), np.nan, np.float32)
    for reading in read(model, inputs, chosen.__eq__):
        values = reading.values[chosen]
        vectors[reading.start : reading.start + len(values)] = values.numpy()
    return vectors


def sequence_vector(model: AbstractModel, inputs: Tensor) -> Activations:
    """Returns the last hidden state of the last layer, (units,).

    The backward direction ends at the first symbol.

    Args:
        model: The model, in evaluation mode.
        inputs: The tokens (T,) or features (T, F).

    Raises:
        DataError: There are fewer symbols than the model's window.
        MisfitError: The model has no recurrent state.
    """
    vectors = symbol_vectors(model, inputs)
    layers = recurrent_layers(model)
    if not layers or layers[-1].directions == 1:
        last: Activations = vectors[-1]
        return last
    forward, backward = np.split(vectors, 2, axis=1)
    return np.concatenate([forward[-1], backward[0]])
