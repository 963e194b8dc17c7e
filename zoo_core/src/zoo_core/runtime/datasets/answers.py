"""The outputs of a model as numbers and in words: labels, values in their units, keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from zoo_core.data.signature import Classes, Keys, Signature, Values
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Output

LIKELY = 0.5
"""The probability above which a key counts as predicted."""
DIGITS = 6
"""Significant digits of a value in words."""
NOTHING = "–"
"""The answer where no key is predicted."""


def measured_values(signature: Signature, logits: Tensor) -> Tensor:
    """Returns predicted values in the units in which they were measured.

    Args:
        signature: The signature of the model, whose outputs are values.
        logits: (B, T, W) or (B, W).

    Returns:
        (B, T, N) or (B, N); with quantiles (B, T, N, Q) or (B, N, Q).

    Raises:
        MisfitError: The outputs are not values.
    """
    outputs = signature.outputs
    if not isinstance(outputs, Values):
        raise MisfitError(f"this model predicts {outputs.describe_sizes()}, not values")
    values = logits.reshape(*logits.shape[:-1], outputs.size, -1)
    if outputs.scale:
        values = values * values.new_tensor(outputs.scale).unsqueeze(-1)
    if outputs.offset:
        values = values + values.new_tensor(outputs.offset).unsqueeze(-1)
    return values if outputs.quantiles else values.squeeze(-1)


def probabilities_of(signature: Signature, logits: Tensor) -> Tensor:
    """Returns the probability of every class, or of every key by itself, shaped as the logits.

    Raises:
        MisfitError: The outputs are neither classes nor keys.
    """
    outputs = signature.outputs
    if isinstance(outputs, Classes):
        return logits.softmax(-1)
    if isinstance(outputs, Keys):
        return logits.sigmoid()
    raise MisfitError(f"this model predicts {outputs.describe_sizes()}, which has no probabilities")


def in_words(signature: Signature, output: Output) -> str:
    """Returns the output for a batch of one in words.

    Of classes the likeliest, by name, symbol or number; of values the numbers, with their quantiles
    in brackets; of keys those that are likelier than not. Steps are separated by ``; ``, except
    those of symbols, which make a text.

    Raises:
        MisfitError: The outputs are a trainer's own, and only the dataset knows their meaning.
    """
    outputs, logits = signature.outputs, output.logits[:1]
    rows = logits if outputs.per == "step" else logits.unsqueeze(1)
    names = outputs.names or tuple(map(str, range(outputs.size)))
    if isinstance(outputs, Classes):
        vocabulary, likeliest = signature.vocabulary, rows[0].argmax(-1).tolist()
        if vocabulary and outputs.next_token:
            return vocabulary.decode(likeliest)
        return "; ".join(names[index] for index in likeliest)
    if isinstance(outputs, Keys):
        steps = (probabilities_of(signature, rows)[0] > LIKELY).tolist()
        keys = [[key for key, is_on in enumerate(step) if is_on] for step in steps]
        return "; ".join(keys_in_words(outputs, step) for step in keys)
    values = measured_values(signature, rows)[0].tolist()
    labels = [f"{name} " for name in outputs.names] or [""] * outputs.size
    return "; ".join(
        " ".join(label + _number(value) for label, value in zip(labels, step, strict=True))
        for step in values
    )


def keys_in_words(outputs: Keys, keys: Sequence[int]) -> str:
    """Returns the keys of a step by name, or by number if they have no names."""
    return " ".join(outputs.names[key] if outputs.names else str(key) for key in keys) or NOTHING


def to_json(signature: Signature, output: Output) -> dict[str, Any]:
    """Returns the numbers of an output for a batch of one as JSON values; of classes none.

    Returns:
        ``values``, in the units of measurement, or ``probabilities`` of keys, each a list, of steps
        a list of lists; with ``names`` if they have some, and ``quantiles`` if there are any.
    """
    outputs, found = signature.outputs, {}
    if isinstance(outputs, Values):
        found["values"] = measured_values(signature, output.logits[:1])[0].tolist()
        if outputs.quantiles:
            found["quantiles"] = list(outputs.quantiles)
    elif isinstance(outputs, Keys):
        found["probabilities"] = probabilities_of(signature, output.logits[:1])[0].tolist()
    if found and outputs.names:
        found["names"] = list(outputs.names)
    return found


def _number(value: float | list[float]) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_number, value))}]"
    return f"{value:.{DIGITS}g}"
