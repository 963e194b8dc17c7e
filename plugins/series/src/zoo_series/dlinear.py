"""DLinear: two linear maps of a window, of its trend and of the rest."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from zoo_core import Signature
from zoo_core.errors import MisfitError
from zoo_series.channel_model import AbstractChannelModel
from zoo_series.configs import DLinearConfig


@final
class DLinear(AbstractChannelModel):
    """A linear forecast of each channel's trend and of what is left of it.

        t = average(x)
        y = W_t t + b_t + W_r (x - t) + b_r

    x is the window of a channel, T numbers, and t its moving average over k steps, in which the
    first and the last value stand for those beyond the ends; y is the forecast, h numbers. All
    channels share the weights W_t and W_r, (h, T).

    Source: Zeng et al., Are Transformers Effective for Time Series Forecasting? (2023).

    Args:
        config: Settings of the model.
        signature: Features, with a forecast for the whole sequence.
    """

    def __init__(self, config: DLinearConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.window: int = config.window
        self.average = config.average
        self.trend = nn.Linear(self.window, self.horizon)
        self.rest = nn.Linear(self.window, self.horizon)

    def forecast(self, series: Tensor) -> Tensor:
        """Windows (B, C, T) to forecasts (B, C, h).

        Raises:
            MisfitError: The windows have another length than the weights.
        """
        steps = series.shape[2]
        if steps != self.window:
            raise MisfitError(
                f"a window of {steps} steps for a model of {self.window}; choose the same "
                "--model.window and --dataset.window"
            )
        trend = self._moving_average(series)
        forecast: Tensor = self.trend(trend) + self.rest(series - trend)
        return forecast

    def _moving_average(self, series: Tensor) -> Tensor:
        """Returns the averages over k steps around each one, (B, C, T)."""
        before = (self.average - 1) // 2
        after = self.average - 1 - before
        first, last = series[..., :1], series[..., -1:]
        padded = [first.expand(-1, -1, before), series, last.expand(-1, -1, after)]
        return nn.functional.avg_pool1d(torch.cat(padded, dim=2), self.average, stride=1)
