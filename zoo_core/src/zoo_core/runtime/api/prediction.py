"""Answers to inputs: ``zoo_core.predict``, ``probabilities`` and ``values``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, final, overload

import torch
from torch import Tensor

from zoo_core.arguments import check_arguments
from zoo_core.data.signature import Classes
from zoo_core.data.vocabulary import REFUSE, Unknown
from zoo_core.errors import DataError
from zoo_core.runtime.api.arguments import WORDS, Numbers, encode
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.datasets.answers import measured_values, probabilities_of
from zoo_core.runtime.datasets.answers import to_json as answers_to_json
from zoo_core.runtime.datasets.dataset import answers_in_steps
from zoo_core.runtime.nn.batch import Batch, Output

PREDICTED_TOGETHER = 64
"""Inputs of equal length that are predicted in one batch."""


@overload
def predict(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> str: ...
@overload
def predict(
    checkpoint: Checkpoint, value: list[str], *, unknown: Unknown = REFUSE
) -> list[str]: ...
@overload
def predict(
    checkpoint: Checkpoint, value: Numbers, *, unknown: Unknown = REFUSE
) -> str | list[str]: ...
@check_arguments(WORDS)
def predict(
    checkpoint: Checkpoint, value: str | list[str] | Numbers, *, unknown: Unknown = REFUSE
) -> str | list[str]:
    """Returns the prediction for an input, such as ``ohlol`` for ``hello``.

    Args:
        checkpoint: The checkpoint.
        value: An input, or a list of inputs, which has a list of predictions. A model that was
            trained on arrays also takes an array or tensor: features (T, F) or tokens (T,) of one
            input, or (B, T, F) or (B, T) of several, which have a list of predictions.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: An input has symbols that the vocabulary lacks, or an array another shape.
        MisfitError: An array is given to a model that was not trained on arrays.
    """
    if isinstance(value, str):
        with torch.no_grad():
            batch = checkpoint.dataset.encode(value, unknown)
            return checkpoint.dataset.answer(checkpoint.model, batch)
    if isinstance(value, list):
        return [predict(checkpoint, item, unknown=unknown) for item in value]
    logits, is_one = _logits(checkpoint, value, unknown)
    answers = [checkpoint.dataset.decode(Output(row[None], None)) for row in logits]
    return answers[0] if is_one else answers


@final
class Prediction(NamedTuple):
    """The answer to one input.

    Args:
        answer: The answer in words; empty for an empty input.
        probability: How probable the model takes it to be: of one label its own probability, of a
            label per step the product of theirs. None where the model gives no probability, or
            there is no answer.
    """

    answer: str
    probability: float | None


@check_arguments(WORDS)
def predictions(
    checkpoint: Checkpoint, values: Sequence[str], *, unknown: Unknown = REFUSE
) -> list[Prediction]:
    """Returns the predictions for many inputs, with their probabilities.

    Inputs of equal length share a batch.

    Args:
        checkpoint: The checkpoint.
        values: The inputs. An empty one has an empty answer.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: An input has symbols that the vocabulary lacks; the message has its number.
    """
    dataset, answers = checkpoint.dataset, [Prediction("", None)] * len(values)
    groups: dict[tuple[int, ...], list[tuple[int, Batch]]] = {}
    for number, value in enumerate(values):
        if not value:
            continue
        try:
            batch = dataset.encode(value, unknown)
        except DataError as error:
            raise DataError(f"input {number + 1} of {len(values)}: {error}") from None
        groups.setdefault(tuple(batch.inputs.shape), []).append((number, batch))
    for members in groups.values():
        for first in range(0, len(members), PREDICTED_TOGETHER):
            numbers, rows = zip(*members[first : first + PREDICTED_TOGETHER], strict=True)
            for number, answer in zip(numbers, _answers(checkpoint, list(rows)), strict=True):
                answers[number] = answer
    return answers


@torch.no_grad()
def predict_batch(checkpoint: Checkpoint, batch: Batch) -> tuple[Prediction, dict[str, Any]]:
    """Returns the prediction for an encoded input, and what ``numbers`` returns for it.

    Args:
        checkpoint: The checkpoint.
        batch: A batch of one, from ``checkpoint.dataset.encode``.
    """
    (prediction,) = _answers(checkpoint, [batch])
    if isinstance(checkpoint.signature.outputs, Classes):
        return prediction, {}
    return prediction, answers_to_json(checkpoint.signature, checkpoint.model(batch))


@torch.no_grad()
def _answers(checkpoint: Checkpoint, rows: list[Batch]) -> list[Prediction]:
    """Returns the predictions for batches of one, whose inputs have one shape."""
    dataset, model = checkpoint.dataset, checkpoint.model
    if answers_in_steps(dataset):
        return [Prediction(dataset.answer(model, row), None) for row in rows]
    logits = model(Batch(torch.cat([row.inputs for row in rows]))).logits
    if not isinstance(checkpoint.signature.outputs, Classes):
        return [Prediction(dataset.decode(Output(row[None], None)), None) for row in logits]
    likely = logits.log_softmax(-1).amax(-1)  # (B,), or (B, T) with a label per step
    likely = likely if likely.dim() == 1 else likely.sum(-1)
    return [
        Prediction(dataset.decode(Output(row[None], None)), probability)
        for row, probability in zip(logits, likely.exp().tolist(), strict=True)
    ]


@check_arguments(WORDS)
def probabilities(
    checkpoint: Checkpoint, value: str | Numbers, *, unknown: Unknown = REFUSE
) -> Tensor:
    """Returns the probability of every class, or of every key by itself, for an input.

    The classes of a model of text are the symbols of ``checkpoint.signature.vocabulary``.

    Args:
        checkpoint: The checkpoint.
        value: The input, or an array of one or several, as in ``predict``.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        The probabilities, (C,) for one label per sequence, (T, C) for one per step; of several
        inputs (B, C) or (B, T, C).

    Raises:
        DataError: The input has symbols that the vocabulary lacks, or an array another shape.
        MisfitError: The model predicts values, or was not trained on arrays.
    """
    logits, is_one = _logits(checkpoint, value, unknown)
    found = probabilities_of(checkpoint.signature, logits)
    return found[0] if is_one else found


@check_arguments(WORDS)
def values(checkpoint: Checkpoint, value: str | Numbers, *, unknown: Unknown = REFUSE) -> Tensor:
    """Returns the values that a model predicts for an input, in the units of the training data.

    Args:
        checkpoint: A checkpoint of a model that predicts values.
        value: The input, or an array of one or several, as in ``predict``.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        The values, (N,) for one target per sequence, (T, N) for one per step; with quantiles
        (N, Q) or (T, N, Q). Those of several inputs have the axis B before them.

    Raises:
        DataError: The input cannot be encoded, or an array has another shape.
        MisfitError: The model predicts classes or keys, or was not trained on arrays.
    """
    logits, is_one = _logits(checkpoint, value, unknown)
    found = measured_values(checkpoint.signature, logits)
    return found[0] if is_one else found


@check_arguments(WORDS)
def numbers(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> dict[str, Any]:
    """Returns the values or the probabilities of keys for an input as JSON values; of classes none.

    Args:
        checkpoint: The checkpoint.
        value: The input.
        unknown: What to do with symbols that the vocabulary lacks.
    """
    if isinstance(checkpoint.signature.outputs, Classes):
        return {}
    return answers_to_json(checkpoint.signature, _output(checkpoint, value, unknown))


@torch.no_grad()
def _output(checkpoint: Checkpoint, value: str, unknown: Unknown) -> Output:
    batch: Batch = checkpoint.dataset.encode(value, unknown)
    output: Output = checkpoint.model(batch)
    return output


@torch.no_grad()
def _logits(checkpoint: Checkpoint, value: str | Numbers, unknown: Unknown) -> tuple[Tensor, bool]:
    """Returns the logits for one input or several, (B, ...), and whether it is one."""
    batch, is_one = encode(checkpoint, value, unknown)
    pieces = torch.split(batch.inputs, PREDICTED_TOGETHER)
    if len(pieces) == 1:
        return checkpoint.model(batch).logits, is_one
    return torch.cat([checkpoint.model(Batch(piece)).logits for piece in pieces]), is_one
