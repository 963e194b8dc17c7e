"""Forecasts without a model, to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def naive(past: Tensor, steps: int) -> Tensor:
    """Returns the last row of the past for every step: (N, values) to (steps, values)."""
    return past[-1:].expand(steps, -1)


def seasonal_naive(past: Tensor, steps: int, season: int) -> Tensor:
    """Returns the rows of the last season, repeated: (N, values) to (steps, values).

    A past that is shorter than a season gives the naive forecast.
    """
    if len(past) < season:
        return naive(past, steps)
    last = past[-season:]
    return last.repeat(-(-steps // season), 1)[:steps]


def naive_error(past: Tensor, season: int) -> Tensor:
    """Returns the mean absolute error of the seasonal-naive forecast one step ahead, (values,).

    A past that is no longer than a season gives the error of the naive forecast. It is the scale
    of the metric MASE.

    Source: Hyndman & Koehler (2006), Another look at measures of forecast accuracy.
    """
    distance = season if len(past) > season else 1
    return (past[distance:] - past[:-distance]).abs().mean(dim=0)


def forecast_metrics(
    forecasts: Tensor, actual: Tensor, naive_error: Sequence[float]
) -> dict[str, float]:
    """Returns the metrics of forecasts (..., values), as measured.

    Args:
        forecasts: The forecasts.
        actual: What was measured, of the same shape.
        naive_error: The error that ``mase`` is relative to, by value; one that is 0 counts not.
    """
    errors = (forecasts - actual).abs()
    relative = (errors / actual.abs())[actual != 0]
    metrics = {
        "mae": errors.mean().item(),
        "rmse": math.sqrt(errors.square().mean().item()),
        "mape": relative.mean().item() if len(relative) else math.nan,
    }
    scale = torch.tensor(naive_error, dtype=errors.dtype)
    if bool((scale > 0).any()):
        metrics["mase"] = (errors / scale)[..., scale > 0].mean().item()
    return metrics
