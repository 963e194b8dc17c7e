"""Forecasts without a model, to compare with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

FACTORS = 100
"""The smoothing factors that are tried, 0.01 to 1."""


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


def smoothed(rows: Tensor, factor: Tensor) -> Tensor:
    """Returns the level after each row, which simple exponential smoothing forecasts from there on.

        l_1 = y_1        l_t = l_{t-1} + α (y_t - l_{t-1})

    Source: Brown (1959), Statistical Forecasting for Inventory Control.

    Args:
        rows: y, (N, values).
        factor: α of each value, from 0 to 1, (values,); 1 gives the naive forecast.

    Returns:
        l, (N, values).
    """
    levels = [rows[0]]
    for row in rows[1:]:
        levels.append(levels[-1] + factor * (row - levels[-1]))
    return torch.stack(levels)


def fit_smoothing(parts: Sequence[Tensor]) -> Tensor:
    """Returns the factor of each value whose squared errors one step ahead are least, (values,).

    Args:
        parts: The rows of each series to fit, (N, values); without a second row the factor is 1.
    """
    factors = torch.arange(FACTORS, 0, -1, dtype=torch.float64).unsqueeze(1) / FACTORS
    sums = torch.zeros(FACTORS, parts[0].shape[1], dtype=torch.float64)
    for rows in parts:
        level = rows[:1]
        for row in rows[1:]:
            error = row - level
            sums = sums + error.square()
            level = level + factors * error
    return factors[sums.argmin(dim=0), 0]


def baseline_forecasts(
    series: Sequence[tuple[Tensor, range]], horizon: int, *, season: int, smoothing: Tensor
) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Yields each forecast without a model, and the rows that it forecasts.

    Args:
        series: The values of each series, (N, values), and the rows at which a horizon begins, at
            least one.
        horizon: The rows of a forecast.
        season: The rows of a season; 1 if there is none.
        smoothing: The factor of exponential smoothing of each value, (values,).

    Yields:
        The name, the forecasts, (origins, horizon, values), and the rows as measured, likewise.
    """
    pairs = [(values, origin) for values, origins in series for origin in origins]
    actual = torch.stack([values[origin : origin + horizon] for values, origin in pairs])
    last = torch.stack([naive(values[:origin], horizon) for values, origin in pairs])
    yield "naive", last, actual
    seasons = [seasonal_naive(values[:origin], horizon, season) for values, origin in pairs]
    yield "seasonal_naive", torch.stack(seasons), actual
    levels = [
        smoothed(values[: origins[-1]], smoothing)[origins[0] - 1 :: origins.step]
        for values, origins in series
    ]
    repeated = torch.cat(levels).unsqueeze(1).expand(-1, horizon, -1)
    yield "exponential_smoothing", repeated, actual


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
