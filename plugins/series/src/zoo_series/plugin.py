"""Declarations of this plugin: time series and their forecasts."""

from __future__ import annotations

from zoo_core import CommandSpec, DatasetSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="series",
            summary="Time series of a table, to be continued: --dataset.path FILE.",
            config="zoo_series.configs:SeriesConfig",
            factory="zoo_series.dataset:series",
            default_trainer="regression",
            tags=("regression", "forecast", "table", "offline"),
            sample_settings="zoo_series.dataset:sample_settings",
        ),
        DatasetSpec(
            name="sales",
            summary="Ten years of monthly sales, with a season.",
            config="zoo_series.configs:SalesConfig",
            factory="zoo_series.dataset:sales",
            default_trainer="regression",
            source="made by a rule for the zoo",
            license="CC0-1.0",
            tags=("regression", "forecast", "table", "toy", "offline"),
        ),
    ]


@hookimpl
def zoo_commands() -> list[CommandSpec]:
    """The commands of this plugin."""
    return [
        CommandSpec(
            name="forecast",
            summary="Continue time series with a checkpoint.",
            target="zoo_series.command:forecast",
            functions=("zoo_series.forecast_rows:forecast_rows",),
        )
    ]
