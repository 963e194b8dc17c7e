"""Declarations of this plugin: time series and their forecasts."""

from __future__ import annotations

from zoo_core import CommandSpec, DatasetSpec, ModelSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="segrnn",
            summary="Any cell over segments of a series, a forecast of all segments at once.",
            config="zoo_series.configs:SegRnnConfig",
            factory="zoo_series.segrnn:SegRnn",
            accepts=("features",),
            per=("sequence",),
            default_recipe="sales",
            source="Lin et al., SegRNN: Segment Recurrent Neural Network for Long-Term Time Series "
            "Forecasting (2023)",
            tags=("forecast", "any-cell"),
        ),
        ModelSpec(
            name="dlinear",
            summary="Two linear maps of a window, of its trend and of the rest.",
            config="zoo_series.configs:DLinearConfig",
            factory="zoo_series.dlinear:DLinear",
            accepts=("features",),
            per=("sequence",),
            default_recipe="sales",
            source="Zeng et al., Are Transformers Effective for Time Series Forecasting? (2023)",
            tags=("forecast", "linear"),
        ),
    ]


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
        DatasetSpec(
            name="air-passengers",
            summary="Passengers of airlines in each month of 1949 to 1960, with month and year.",
            config="zoo_series.configs:AirPassengersConfig",
            factory="zoo_series.pinned:air_passengers",
            default_trainer="regression",
            source="Box & Jenkins, Time Series Analysis (1976), series G, the copy of darts",
            tags=("regression", "forecast", "table", "download"),
        ),
        DatasetSpec(
            name="sunspots",
            summary="The sunspot number of each month of 1749 to 1983.",
            config="zoo_series.configs:SunspotsConfig",
            factory="zoo_series.pinned:sunspots",
            default_trainer="regression",
            source="Andrews & Herzberg, Data (1985), the copy of darts",
            tags=("regression", "forecast", "table", "download"),
        ),
        DatasetSpec(
            name="etth1",
            summary="Six loads and the oil temperature of a transformer, hour by hour.",
            config="zoo_series.configs:Etth1Config",
            factory="zoo_series.pinned:etth1",
            default_trainer="regression",
            source="Zhou et al., Informer (2021), the copy of darts",
            license="CC-BY-ND-4.0",
            tags=("regression", "forecast", "table", "download"),
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
