"""Settings of the time series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from zoo_core import config, setting
from zoo_core.data.encodings import AUTO, ENCODING_HELP
from zoo_core.plugins.cells import AbstractNamedCellConfig

NEEDS_RECURSIVE: tuple[str, Callable[[Any], bool]] = (
    "the forecast recursive",
    lambda config: config.forecast == "recursive",
)
"""What a setting of recursive forecasts needs."""


@config
class AbstractSeriesConfig:
    """Settings that all time series share: windows, scaling, forecasts and splits."""

    window: int = setting(default=12, unit="rows", at_least=1, help="Rows that the model sees.")
    horizon: int = setting(
        default=6, unit="rows", at_least=1, help="Rows that a forecast has at once."
    )
    forecast: Literal["direct", "recursive"] = setting(
        default="direct",
        help="direct: all rows of the horizon in one output; recursive: the next row, which then "
        "is an input for the row after it.",
    )
    forecast_from: int | None = setting(
        default=None,
        unit="rows",
        at_least=1,
        help="Rows that a recursive forecast starts from, at most a window; none: a window.",
        needs=NEEDS_RECURSIVE,
    )
    covariates_ahead: bool = setting(
        default=False,
        help="Whether the model sees with each row the covariates of the next one, which it is to "
        "predict. They must be known beforehand, as the month is.",
        needs=NEEDS_RECURSIVE,
    )
    scaling: Literal["standard", "min-max", "none"] = setting(
        default="standard",
        help="standard: subtract the mean of the training part and divide by its standard "
        "deviation; min-max: subtract its smallest value and divide by its range; none: numbers "
        "as they are.",
    )
    season: int | None = setting(
        default=None,
        unit="rows",
        at_least=2,
        help="Rows of a season, for the seasonal-naive baseline; none: what the times suggest, "
        "such as 12 months or 7 days.",
    )
    validation: float = setting(
        default=0.15, at_least=0, below=1, help="Fraction for validation, before the test split."
    )
    test: float = setting(
        default=0.15, at_least=0, below=1, help="Fraction for the test split, at the end."
    )

    @property
    def seen_first(self) -> int:
        """The rows that a forecast starts from."""
        if self.forecast == "recursive" and self.forecast_from:
            return min(self.forecast_from, self.window)
        return self.window

    @property
    def covariate_shift(self) -> int:
        """How many rows later than a row the covariates are that the model sees with it."""
        return int(self.forecast == "recursive" and self.covariates_ahead)


@config
class SeriesConfig(AbstractSeriesConfig):
    """Settings of series: any table with times and values."""

    path: Path = setting(help="The file to read: CSV, TSV, JSON Lines or Parquet.")
    time_column: str | None = setting(
        default=None, help="Column of the times; none: the first column."
    )
    value_columns: str | None = setting(
        default=None,
        help="Columns to forecast, separated by commas; none: all other columns of numbers.",
    )
    covariate_columns: str | None = setting(
        default=None,
        help="Columns that the model sees and does not forecast, separated by commas.",
    )
    id_column: str | None = setting(
        default=None, help="Column that names the series of a row, if the table has several."
    )
    delimiter: str | None = setting(
        default=None,
        help="Character between the columns, or tab; none: a tab in .tsv, a comma elsewhere.",
    )
    encoding: str = setting(default=AUTO, help=f"Encoding of the file; {ENCODING_HELP}")


@config
class SalesConfig(AbstractSeriesConfig):
    """Settings of sales: ten years of monthly sales."""


@config
class AbstractPinnedSeriesConfig(AbstractSeriesConfig):
    """Settings of the series that are downloaded once, pinned by their hash."""

    path: Path | None = setting(default=None, help="A local copy, used instead of a download.")


@config
class AirPassengersConfig(AbstractPinnedSeriesConfig):
    """Settings of air-passengers: twelve years of monthly passengers of airlines."""


@config
class SunspotsConfig(AbstractPinnedSeriesConfig):
    """Settings of sunspots: 235 years of monthly sunspot numbers."""


@config
class Etth1Config(AbstractPinnedSeriesConfig):
    """Settings of etth1: loads and oil temperature of a transformer station, hour by hour."""


@config
class SegRnnConfig(AbstractNamedCellConfig):
    """Segments of a series, a cell, and a forecast of all segments at once."""

    hidden_size: int = setting(
        default=512, unit="units", at_least=2, help="Width of the cell's state and its inputs."
    )
    segment: int = setting(default=24, unit="rows", at_least=1, help="Rows of a segment.")
    dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping an output of the cell before the last layer.",
    )

    def cell_width(self) -> int:
        """Returns the width of the cell's state."""
        return self.hidden_size


@config
class DLinearConfig:
    """Settings of dlinear: two linear maps of a window."""

    window: int = setting(
        default=96, unit="rows", at_least=1, help="Rows that the model sees: --dataset.window."
    )
    average: int = setting(
        default=25, unit="rows", at_least=1, help="Rows of the moving average that is the trend."
    )
