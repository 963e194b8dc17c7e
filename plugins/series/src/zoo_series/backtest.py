"""The backtest of a series: forecasts from many rows of it, compared with what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import AbstractModel
from zoo_series.rollout import Forecaster, forecasts


@final
class Backtest(NamedTuple):
    """Which forecasts are compared: the last row of a horizon, from evenly spaced rows of a split.

    The model sees what was measured before each of them, and is not trained in between.

    Args:
        stride: The rows from one forecast to the next.
        overlap: The rows before the split at which the first horizon begins.
        swapped: Whether there is a further metric with value and forecast in each other's place.
    """

    stride: int = 1
    overlap: int = 0
    swapped: bool = False

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The names of the errors."""
        names = ("backtest_mae", "backtest_mape")
        return (*names, "backtest_mape_swapped") if self.swapped else names


def backtest_metrics(
    forecaster: Forecaster,
    model: AbstractModel,
    regions: Sequence[tuple[Tensor, int, int]],
    backtest: Backtest,
) -> dict[str, float]:
    """Returns the errors of the forecasts of a backtest, with y a value and ŷ its forecast.

    Args:
        forecaster: Has the window, the horizon and the scaling.
        model: The model, in evaluation mode.
        regions: The rows of each series, (N, F), the first row of the split, and the row after its
            last.
        backtest: Which forecasts are compared.

    Returns:
        ``backtest_mae`` = mean |y - ŷ| as measured, ``backtest_mape`` = mean |(y - ŷ) / y| over
        the values that are not zero, and, if asked for, ``backtest_mape_swapped`` = mean
        |(y - ŷ) / ŷ|; none where no horizon ends in the split.
    """
    config, count = forecaster.config, forecaster.values
    horizon, seen = config.horizon, config.seen_first
    pasts, ahead = [], []
    for numbers, start, end in regions:
        for origin in range(
            max(start - backtest.overlap, seen), end - horizon + 1, backtest.stride
        ):
            pasts.append(numbers[origin - seen : origin])
            ahead.append(numbers[origin : origin + horizon])
    if not pasts:
        return {}
    actual = torch.stack(ahead)
    forecast = forecasts(forecaster, model, torch.stack(pasts), horizon, actual[..., count:])[:, -1]
    value = actual[:, -1, :count]
    error = (value - forecast).abs()
    metrics = {"backtest_mae": error.mean().item()}
    if bool((value != 0).any()):
        metrics["backtest_mape"] = (error / value.abs())[value != 0].mean().item()
    if backtest.swapped:
        metrics["backtest_mape_swapped"] = (error / forecast.abs()).mean().item()
    return metrics
