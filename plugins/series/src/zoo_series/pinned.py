"""The series of published experiments, downloaded once and pinned by size and sha256."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from zoo_core import Signature, Vocabulary
from zoo_core.data.tables import Table, read_table, table_of_csv
from zoo_core.downloads.download import RemoteFile, read_pinned
from zoo_series.backtest import Backtest
from zoo_series.configs import (
    AbstractPinnedSeriesConfig,
    AirPassengersConfig,
    Etth1Config,
    SunspotsConfig,
)
from zoo_series.dataset import SeriesDataset
from zoo_series.months import COLUMNS, with_months
from zoo_series.series import Columns, choose_columns

ADDRESS = "https://raw.githubusercontent.com/unit8co/darts/master/datasets"
AIR_PASSENGERS = RemoteFile(
    name="AirPassengers.csv",
    size=1_746,
    sha256="5f8b316b84545d9cfb05612298df8415ce4c44421c7012d109465564b07ebc06",
    mirrors=(f"{ADDRESS}/AirPassengers.csv",),
)
SUNSPOTS = RemoteFile(
    name="monthly-sunspots.csv",
    size=42_219,
    sha256="4b91dd8e13bdf6a95c3034c71ceca0152269986c6a91706c6eaf50c1d50081c8",
    mirrors=(f"{ADDRESS}/monthly-sunspots.csv",),
)
ETTH1 = RemoteFile(
    name="ETTh1.csv",
    size=2_589_657,
    sha256="f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    mirrors=(f"{ADDRESS}/ETTh1.csv",),
)
ETTH1_ROWS = 20 * 30 * 24
"""The rows of etth1 that experiments use: twenty months of thirty days."""
OWN_SERIES = "for a series of your own: --dataset series --dataset.path FILE"


def air_passengers(config: AirPassengersConfig, vocabulary: Vocabulary | None) -> SeriesDataset:
    """Returns the passengers, with the year and the month as covariates.

    The backtest is that of the darts library's example: forecasts from every month on, the first
    one from the last month of the training part.
    """
    return _pinned(
        "air-passengers",
        config,
        AIR_PASSENGERS,
        values=["#Passengers"],
        covariates=COLUMNS,
        prepare=with_months,
        backtest=Backtest(overlap=1),
    )


def sunspots(config: SunspotsConfig, vocabulary: Vocabulary | None) -> SeriesDataset:
    """Returns the sunspot numbers.

    The backtest is that of the darts library's example: every tenth forecast, the first one from
    the last month of the training part. The example exchanges values and forecasts in its metric.
    """
    return _pinned(
        "sunspots",
        config,
        SUNSPOTS,
        values=["Sunspots"],
        backtest=Backtest(stride=10, overlap=1, swapped=True),
    )


def etth1(config: Etth1Config, vocabulary: Vocabulary | None) -> SeriesDataset:
    """Returns the loads and the oil temperature of the first twenty months."""

    def first_months(table: Table) -> Table:
        return table._replace(rows=table.rows[:ETTH1_ROWS], lines=table.lines[:ETTH1_ROWS])

    return _pinned("etth1", config, ETTH1, prepare=first_months)


def _pinned(
    name: str,
    config: AbstractPinnedSeriesConfig,
    file: RemoteFile,
    *,
    values: Sequence[str] = (),
    covariates: Sequence[str] = (),
    prepare: Callable[[Table], Table] = lambda table: table,
    backtest: Backtest | None = None,
) -> SeriesDataset:
    """Returns the series of a file, whose first column has the times.

    Args:
        name: Name of the dataset in errors.
        config: Settings of the dataset.
        file: The file.
        values: The columns to forecast; empty for all but the times.
        covariates: The columns that are seen as they are.
        prepare: What is done with a table that is read.
        backtest: The forecasts whose errors are further metrics.
    """

    def read(path: Path | None) -> Table:
        if path is not None:
            return prepare(read_table(path))
        return prepare(table_of_csv(read_pinned(file, config.path, OWN_SERIES), file.name))

    def columns(table: Table, checkpoint: Signature | None) -> Columns:
        return choose_columns(table, time=None, values=values, covariates=covariates, id=None)

    return SeriesDataset(
        config,
        read=read,
        columns=columns,
        name=name,
        scales_covariates=False,
        backtest=backtest,
    )
