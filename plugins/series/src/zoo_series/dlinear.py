"""DLinear: two linear maps of a window, of its trend and of the rest."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from zoo_core import Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State
from zoo_series.channels import channels_of, check_whole_rows
from zoo_series.configs import DLinearConfig


@final
class DLinear(AbstractModel):
    """A linear forecast of each channel's trend and of what is left of it.

        t = average(x)
        y = W_t t + b_t + W_r (x - t) + b_r

    x is the window of a channel, T numbers, and t its moving average over k steps, in which the
    first and the last value stand for those beyond the ends; y is the forecast, as many numbers as
    the horizon has. All channels share the weights, (horizon, T). Covariates are not seen.

    Source: Zeng et al., Are Transformers Effective for Time Series Forecasting? (2023).

    Args:
        config: Settings of the model.
        signature: Features, with a forecast for the whole sequence.
    """

    causal = False
    carries_state = False

    def __init__(self, config: DLinearConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.channels = channels_of(signature)
        self.window = config.window
        self.average = config.average
        self.trend = nn.Linear(config.window, self.channels.horizon)
        self.rest = nn.Linear(config.window, self.channels.horizon)

    def initial_state(self, batch_size: int) -> None:
        """Returns None: a forecast starts from its window alone."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Features (B, T, F) to forecasts (B, W), the values of one row after those of the other.

        Raises:
            MisfitError: The windows have another length than the weights.
        """
        check_whole_rows(batch)
        steps = batch.inputs.shape[1]
        if steps != self.window:
            raise MisfitError(
                f"a window of {steps} steps for a model of {self.window}; choose the same "
                "--model.window and --dataset.window"
            )
        series = batch.inputs[..., : self.channels.count].transpose(1, 2)  # (B, C, T)
        trend = self._moving_average(series)
        forecast = self.trend(trend) + self.rest(series - trend)
        return Output(self.channels.output(forecast), None)

    def _moving_average(self, series: Tensor) -> Tensor:
        """Returns the averages over k steps around each one, (B, C, T)."""
        before = (self.average - 1) // 2
        after = self.average - 1 - before
        ends = [
            series[..., :1].expand(-1, -1, before),
            series,
            series[..., -1:].expand(-1, -1, after),
        ]
        return nn.functional.avg_pool1d(torch.cat(ends, dim=2), self.average, stride=1)
