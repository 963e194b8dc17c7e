"""Requests for predictions and forecasts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, final

from zoo_core.data.signature import Classes
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import DataError
from zoo_core.plugins.commands import shared_function
from zoo_core.runtime import api
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_serve.errors import ApiError
from zoo_serve.fields import Fields
from zoo_serve.limits import MAX_INPUTS, Limits

Part = Callable[[Checkpoint], Any]


@final
class NamedCall(NamedTuple):
    """A call of a model.

    Args:
        model: The id of the model; empty if the request has none.
        parts: What to compute; see ``CallRequest``.
    """

    model: str
    parts: tuple[Part, ...]


def read_predict(body: object, unknown: Unknown, limits: Limits) -> NamedCall:
    """Returns the request of a body: ``{"model": ..., "input": ...}``.

    Args:
        body: The body; its input is a text or a list of texts.
        unknown: What to do with symbols that the vocabulary lacks.
        limits: What a request may ask for.

    Raises:
        ApiError: A field is missing, unknown or of the wrong type.
    """
    fields = Fields(body)
    fields.refuse_unknown(("model", "input"))
    value = fields.any("input")
    inputs = [value] if isinstance(value, str) else value
    if not isinstance(inputs, list) or not all(isinstance(item, str) for item in inputs):
        raise fields.wrong("input", "a text, or a list of texts")
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise ApiError(
            400, f"input has {len(inputs)} texts: expected 1 to {MAX_INPUTS}", param="input"
        )
    count = len(inputs)
    parts = tuple(
        partial(
            _predict, text, f"input {number} of {count}: " if count > 1 else "", unknown, limits
        )
        for number, text in enumerate(inputs, start=1)
    )
    return NamedCall(fields.text("model"), parts)


def _predict(
    text: str, where: str, unknown: Unknown, limits: Limits, checkpoint: Checkpoint
) -> dict[str, Any]:
    """Returns the prediction for one text, as ``zoo predict --json`` does, with its probability."""
    if not text:
        return {"input": "", "prediction": ""}
    try:
        batch = checkpoint.dataset.encode(text, unknown)
        size = batch.inputs.shape[1]
        if size > limits.prompt:  # it is computed at once, and all other requests wait
            raise DataError(
                f"the input has {size} symbols or rows, this server takes {limits.prompt}; "
                "give a shorter input"
            )
        (answer, probability), numbers = api.predict_batch(checkpoint, batch)
    except DataError as error:
        raise DataError(f"{where}{error}") from None
    record: dict[str, Any] = {"input": text, "prediction": answer}
    if isinstance(checkpoint.signature.outputs, Classes) and probability is not None:
        record["probability"] = probability
    return record | numbers


def read_forecast(body: object, limits: Limits) -> NamedCall:
    """Returns the request of a body: ``{"model": ..., "data": [{...}, ...], "steps": ...}``.

    Args:
        body: The body; its data is a list of rows, each an object of columns.
        limits: What a request may ask for.

    Raises:
        ApiError: A field is missing, unknown or of the wrong type.
    """
    fields = Fields(body)
    fields.refuse_unknown(("model", "data", "steps"))
    data, steps = fields.any("data"), None
    if not isinstance(data, list) or not data or not all(isinstance(row, dict) for row in data):
        raise fields.wrong("data", 'rows, such as [{"month": "2024-01", "sales": 12}, ...]')
    if fields.any("steps") is not None:
        steps = fields.integer("steps", 1, 1, limits.max_tokens)
    return NamedCall(fields.text("model"), (partial(_forecast, data, steps),))


def _forecast(rows: list[dict[str, Any]], steps: int | None, checkpoint: Checkpoint) -> Any:
    """Returns the rows that follow, as ``zoo forecast --json`` does."""
    forecast = shared_function(checkpoint.catalog, "forecast", "forecast_rows")
    return forecast(checkpoint, rows, steps)
