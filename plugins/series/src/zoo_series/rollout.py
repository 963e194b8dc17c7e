"""Forecasts of a model, as long as is wanted: they continue from forecasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import AbstractModel, Batch, Output
from zoo_series.configs import AbstractSeriesConfig


@final
class Scaling(NamedTuple):
    """What was subtracted from each column, and what it was then divided by.

    Args:
        offset: (F,).
        scale: (F,), above zero.
    """

    offset: Tensor
    scale: Tensor

    def apply(self, rows: Tensor) -> Tensor:
        """Returns measured rows (..., F) as the model sees them."""
        return (rows - self.offset) / self.scale

    def undo(self, values: Tensor) -> Tensor:
        """Returns values (..., N), the first N columns, as they are measured."""
        count = values.shape[-1]
        return values * self.scale[:count] + self.offset[:count]


@final
class Forecaster(NamedTuple):
    """What it takes to make forecasts with a model.

    Args:
        config: The windows and the horizon.
        scaling: The scaling of the F columns.
        values: The number of values, the first columns.
        measured: Returns the forecasts of an output as they are measured, (B, rows, values), on the
            CPU.
    """

    config: AbstractSeriesConfig
    scaling: Scaling
    values: int
    measured: Callable[[Output], Tensor]


@torch.no_grad()
def forecasts(
    forecaster: Forecaster,
    model: AbstractModel,
    past: Tensor,
    steps: int,
    future: Tensor | None = None,
) -> Tensor:
    """Returns the forecasts of a model for the rows after each of B pasts, as measured.

    A horizon, or a row of a recursive forecast, is predicted at once; what follows it is predicted
    from the forecasts. A recursive forecast starts from ``forecast_from`` rows and sees those and
    its own, until they are a window. Covariates that are not known stay as they are in the last row
    known.

    Args:
        forecaster: Has the window and the scaling.
        model: The model, in evaluation mode.
        past: The rows before, (B, N, F), as measured; at least one.
        steps: The rows to forecast.
        future: The covariates of the first rows to forecast, (B, M, F - values); None for no rows.

    Returns:
        The values of the rows, (B, steps, values), in double precision.
    """
    config, known, count = forecaster.config, past.shape[1], forecaster.values
    first, ahead = max(known - config.seen_first, 0), config.covariate_shift
    values, covariates = past[..., :count], past[..., count:]
    if future is not None:
        covariates = torch.cat([covariates, future[:, :steps]], dim=1)
    missing = known + steps - covariates.shape[1]
    covariates = torch.cat([covariates, covariates[:, -1:].expand(-1, missing, -1)], dim=1)
    weight = next(model.parameters(), past)
    while (end := values.shape[1]) < known + steps:
        start = max(first, end - config.window)
        seen = [values[:, start:end], covariates[:, start + ahead : end + ahead]]
        inputs = forecaster.scaling.apply(torch.cat(seen, dim=2))
        output = model(Batch(inputs.float().to(weight.device)))
        values = torch.cat([values, forecaster.measured(output)], dim=1)
    return values[:, known : known + steps]
