"""Forecasts of a model, as long as is wanted: they continue from forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo_core.runtime.nn import AbstractModel, Batch

if TYPE_CHECKING:
    from zoo_series.dataset import SeriesDataset


def forecast(
    dataset: SeriesDataset,
    model: AbstractModel,
    past: Tensor,
    steps: int,
    future: Tensor | None = None,
) -> Tensor:
    """Returns the forecasts of a model for the rows after a past, (steps, values), as measured.

    See ``forecasts``; ``past`` is (N, F) here, and ``future`` (M, F - values).
    """
    batch = None if future is None else future[None]
    return forecasts(dataset, model, past[None], steps, batch)[0]


@torch.no_grad()
def forecasts(
    dataset: SeriesDataset,
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
        dataset: Has the window and the scaling.
        model: The model, in evaluation mode.
        past: The rows before, (B, N, F), as measured; at least one.
        steps: The rows to forecast.
        future: The covariates of the first rows to forecast, (B, M, F - values); None for no rows.

    Returns:
        The values of the rows, (B, steps, values), in double precision.
    """
    known, count, window = past.shape[1], len(dataset.value_names), dataset.config.window
    first = max(known - min(dataset.config.forecast_from or window, window), 0)
    ahead = int(dataset.config.covariates_ahead)
    values, covariates = past[..., :count], past[..., count:]
    if future is not None:
        covariates = torch.cat([covariates, future[:, :steps]], dim=1)
    missing = known + steps - covariates.shape[1]
    covariates = torch.cat([covariates, covariates[:, -1:].expand(-1, missing, -1)], dim=1)
    weight = next(model.parameters(), past)
    while (end := values.shape[1]) < known + steps:
        start = max(first, end - window)
        seen = [values[:, start:end], covariates[:, start + ahead : end + ahead]]
        inputs = dataset.scaling.apply(torch.cat(seen, dim=2))
        output = model(Batch(inputs.float().to(weight.device)))
        values = torch.cat([values, dataset.measured(output).to(values.device)], dim=1)
    return values[:, known : known + steps]
