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

    def origins(self, start: int, end: int, horizon: int, seen: int) -> range:
        """Returns the first row of each horizon of a series.

        Args:
            start: The first row of the split.
            end: The row after its last one.
            horizon: The rows of a forecast.
            seen: The rows before a forecast that a model sees.
        """
        return range(max(start - self.overlap, seen), end - horizon + 1, self.stride)

    def errors(self, actual: Tensor, forecast: Tensor) -> dict[str, float]:
        """Returns the errors of the last rows of horizons, with y a value and ŷ its forecast.

        Args:
            actual: y, as measured, (N, values).
            forecast: ŷ, (N, values).

        Returns:
            ``backtest_mae`` = mean |y - ŷ|, ``backtest_mape`` = mean |(y - ŷ) / y| over the values
            that are not zero, and, if asked for, ``backtest_mape_swapped`` = mean |(y - ŷ) / ŷ|.
        """
        error = (actual - forecast).abs()
        metrics = {"backtest_mae": error.mean().item()}
        if bool((actual != 0).any()):
            metrics["backtest_mape"] = (error / actual.abs())[actual != 0].mean().item()
        if self.swapped:
            metrics["backtest_mape_swapped"] = (error / forecast.abs()).mean().item()
        return metrics


def backtest_metrics(
    forecaster: Forecaster,
    model: AbstractModel,
    regions: Sequence[tuple[Tensor, int, int]],
    backtest: Backtest,
) -> dict[str, float]:
    """Returns the errors of the forecasts of a backtest; see Backtest.errors.

    They are empty where no horizon ends in the split.

    Args:
        forecaster: Has the window, the horizon and the scaling.
        model: The model, in evaluation mode.
        regions: The rows of each series, (N, F), the first row of the split, and the row after its
            last.
        backtest: Which forecasts are compared.
    """
    config, count = forecaster.config, forecaster.values
    horizon, seen = config.horizon, config.seen_first
    pasts, ahead = [], []
    for numbers, start, end in regions:
        for origin in backtest.origins(start, end, horizon, seen):
            pasts.append(numbers[origin - seen : origin])
            ahead.append(numbers[origin : origin + horizon])
    if not pasts:
        return {}
    actual = torch.stack(ahead)
    forecast = forecasts(forecaster, model, torch.stack(pasts), horizon, actual[..., count:])[:, -1]
    return backtest.errors(actual[:, -1, :count], forecast)
