"""Settings of the time series."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zoo_core import config, setting
from zoo_core.data.encodings import AUTO, ENCODING_HELP


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
    scaling: Literal["standard", "none"] = setting(
        default="standard",
        help="standard: subtract the mean of the training part and divide by its standard "
        "deviation; none: numbers as they are.",
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
