"""Forecasts without a model, to compare with."""

from __future__ import annotations

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
