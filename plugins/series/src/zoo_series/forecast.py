"""Tables of forecasts, and their errors beside those of the baselines."""

from __future__ import annotations

import logging
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn import AbstractModel
from zoo_series.baselines import forecast_metrics, naive, seasonal_naive
from zoo_series.dataset import SeriesDataset
from zoo_series.picture import Panel
from zoo_series.rollout import forecasts
from zoo_series.series import Series
from zoo_series.times import parse_times

logger = logging.getLogger("zoo_core.series")

METRICS = ("mae", "rmse", "mape", "mase")
"""The metrics of a forecast; lower is better."""
FORECASTS = ("model", "naive", "seasonal_naive")
"""What is compared: the model and the baselines."""
SIGNIFICANT_DIGITS = 8
"""Digits of a number that is written."""


@final
class ForecastTable(NamedTuple):
    """The forecasts of all series of a dataset.

    Args:
        columns: The time, the series if there are several, and for each value the forecast of the
            model, ``<value>_naive`` and ``<value>_seasonal_naive``.
        rows: The rows of all series, one series after the other.
        panels: What a picture shows.
    """

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    panels: list[Panel]


def make_forecasts(dataset: SeriesDataset, model: AbstractModel, steps: int) -> ForecastTable:
    """Returns the forecasts after the end of every series, beside those of the baselines.

    Logs a warning about a series that is shorter than the window that the model was trained on.

    Args:
        dataset: The series.
        model: The model, in evaluation mode.
        steps: The rows to forecast.
    """
    columns, names = dataset.columns, dataset.value_names
    header = (columns.time, *([columns.id] if columns.id else []))
    suffixes = ["" if name == "model" else f"_{name}" for name in FORECASTS]
    header += tuple(f"{name}{suffix}" for name in names for suffix in suffixes)
    table = ForecastTable(header, [], [])
    for series in dataset.series:
        if len(series.rows) < dataset.config.window:
            logger.warning(
                "%s%s: the window of the model is %d rows, and there are %d; give more for a "
                "better forecast",
                dataset.name,
                f", {series.name}" if series.name else "",
                dataset.config.window,
                len(series.rows),
            )
        past = torch.tensor(series.rows, dtype=torch.float64)
        future = torch.tensor(series.future, dtype=torch.float64)
        future = future.reshape(len(series.future), past.shape[1] - len(names))
        values = past[:, : len(names)]
        season = dataset.season_of(series)
        forecasts = {
            "model": forecast(dataset, model, past, steps, future),
            "naive": naive(values, steps),
            "seasonal_naive": seasonal_naive(values, steps, season),
        }
        times = _future_times(series, steps)
        key = (series.name,) if columns.id else ()
        for step, time in enumerate(times):
            numbers = [
                float(f"{forecasts[name][step, value].item():.{SIGNIFICANT_DIGITS}g}")
                for value in range(len(names))
                for name in FORECASTS
            ]
            table.rows.append((time, *key, *numbers))
        for value, name in enumerate(names):
            table.panels.append(
                Panel(
                    f"{name}, {series.name}" if series.name else name,
                    [*series.times, *times],
                    values[:, value].tolist(),
                    {kind: rows[:, value].tolist() for kind, rows in forecasts.items()},
                )
            )
    return table


def forecast(
    dataset: SeriesDataset,
    model: AbstractModel,
    past: Tensor,
    steps: int,
    future: Tensor | None = None,
) -> Tensor:
    """Returns the forecasts of a model for the rows after a past, (steps, values), as measured.

    Args:
        dataset: Has the window and the scaling.
        model: The model, in evaluation mode.
        past: The rows before, (N, F), as measured; at least one.
        steps: The rows to forecast.
        future: The covariates of the first rows to forecast, (M, F - values); None for no rows.
    """
    batch = None if future is None else future[None]
    return forecasts(dataset.forecaster, model, past[None], steps, batch)[0]


def _future_times(series: Series, steps: int) -> list[str]:
    """Returns the times after a series: those of the table, then times that continue them."""
    given = series.future_times[:steps]
    times = parse_times([*series.times, *given])
    missing = steps - len(given)
    if times is None:
        return [*given, *(f"+{len(given) + number}" for number in range(1, missing + 1))]
    return [*given, *times.following(missing)]


def compare_forecasts(
    dataset: SeriesDataset, model: AbstractModel, split: str
) -> dict[str, dict[str, float]]:
    """Returns the metrics of the model and of the baselines over a split.

    Every row of the split from which a whole horizon lies in the split is an origin once. The
    baselines see all rows before it, the model those of its window, and both the covariates of the
    horizon as they are in the data.

    Args:
        dataset: The series.
        model: The model, in evaluation mode.
        split: The split.

    Returns:
        Metrics by forecast, empty where the split is too short: ``mae`` and ``rmse`` as measured,
        ``mape`` as a fraction of the values that are not zero, ``mase`` as a multiple of the error
        of the seasonal-naive forecast on the training part.
    """
    count, horizon = len(dataset.value_names), dataset.config.horizon
    origins = dataset.origins(split, horizon)
    if not origins:
        return {}
    actual = torch.stack([ahead[:, :count] for _, ahead in origins])
    forecasts = torch.stack(
        [forecast(dataset, model, past, horizon, ahead[:, count:]) for past, ahead in origins]
    )
    errors = forecast_metrics(forecasts, actual, dataset.naive_error)
    return {"model": errors} | dataset.baseline_errors(split, horizon)
