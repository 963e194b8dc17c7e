"""Covariates that are known ahead, the backtest, and the series of published experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.series.test_forecast import LastPlusOne
from tests.plugins.series.test_series_dataset import of
from zoo_core.configs.settings import settings_without_effect
from zoo_core.downloads.download import RemoteFile
from zoo_core.errors import DataError, IntegrityError
from zoo_core.runtime.nn import AbstractModel, Batch, Output
from zoo_series import pinned
from zoo_series.backtest import Backtest
from zoo_series.configs import (
    AirPassengersConfig,
    Etth1Config,
    SegRnnConfig,
    SeriesConfig,
    SunspotsConfig,
)
from zoo_series.dataset import SeriesDataset
from zoo_series.forecast import forecast
from zoo_series.pinned import air_passengers, etth1, sunspots
from zoo_series.rollout import forecasts
from zoo_series.segrnn import SegRnn

ROWS = 60
RECURSIVE: dict[str, Any] = {"forecast": "recursive", "scaling": "none", "value_columns": "x"}
AHEAD: dict[str, Any] = RECURSIVE | {"covariate_columns": "y", "covariates_ahead": True}


class Recorder(AbstractModel):
    """Predicts the covariate that it sees, and keeps its inputs."""

    causal = True
    carries_state = False

    def __init__(self, dataset: SeriesDataset) -> None:
        super().__init__(dataset.signature)
        self.seen: list[Tensor] = []

    def initial_state(self, batch_size: int) -> None:
        return None

    def forward(self, batch: Batch, state: object = None) -> Output:
        self.seen.append(batch.inputs)
        return Output(batch.inputs[..., 1:], None)


def with_backtest(dataset: SeriesDataset, backtest: Backtest) -> SeriesDataset:
    """Returns a dataset with a backtest."""
    return SeriesDataset(
        dataset.config,
        read=dataset._read,
        columns=dataset._columns,
        name=dataset.name,
        backtest=backtest,
    )


def pin(monkeypatch: pytest.MonkeyPatch, name: str, path: Path) -> None:
    """Makes a small file the one that is pinned."""
    import hashlib

    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    small = RemoteFile(name=path.name, size=len(content), sha256=sha256, mirrors=())
    monkeypatch.setattr(pinned, name, small)


def test_covariates_ahead_are_those_of_the_row_to_predict(tmp_path: Path) -> None:
    dataset = of(tmp_path, **AHEAD)
    rows = dataset.rows("train")
    time = rows.inputs[..., 0]
    assert torch.equal(rows.inputs[..., 1], 10 * (time + 1) % 7)
    assert torch.equal(rows.labels[..., 0], time + 1)
    assert torch.equal(dataset.encode(dataset.example).inputs[0], rows.inputs[-1])


def test_a_forecast_sees_the_covariates_of_the_row_that_it_predicts(tmp_path: Path) -> None:
    dataset = of(tmp_path, **AHEAD)
    past = torch.tensor(dataset.series[0].rows).double()
    future = torch.tensor([[101.0], [102.0], [103.0]]).double()
    rows = forecast(dataset, Recorder(dataset), past, 4, future)
    assert rows[:, 0].tolist() == [101.0, 102.0, 103.0, 103.0]


def test_a_forecast_starts_from_few_rows_and_goes_on_to_a_window(tmp_path: Path) -> None:
    dataset = of(tmp_path, **AHEAD, window=5, forecast_from=3)
    model = Recorder(dataset)
    past = torch.tensor(dataset.series[0].rows).double()
    forecast(dataset, model, past, 4)
    assert [inputs.shape[1] for inputs in model.seen] == [3, 4, 5, 5]
    assert model.seen[0][0, :, 0].tolist() == [57, 58, 59]


def test_forecasts_of_several_pasts_are_those_of_each(tmp_path: Path) -> None:
    dataset = of(tmp_path, forecast="direct", value_columns="x")
    numbers = torch.tensor(dataset.series[0].rows).double()
    model = LastPlusOne(dataset)
    pasts = torch.stack([numbers[:20], numbers[5:25]])
    together = forecasts(dataset.forecaster, model, pasts, 8)
    alone = [forecast(dataset, model, past, 8) for past in pasts]
    assert torch.equal(together, torch.stack(alone))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_model_on_a_gpu_makes_forecasts(tmp_path: Path) -> None:
    dataset = of(tmp_path, value_columns="x")
    model = SegRnn(SegRnnConfig(hidden_size=4, segment=2), dataset.signature)
    past = torch.tensor(dataset.series[0].rows).double()
    expected = forecast(dataset, model.eval(), past, 8)
    torch.testing.assert_close(forecast(dataset, model.cuda(), past, 8), expected)


@pytest.mark.parametrize("kind", ["direct", "recursive"])
def test_the_backtest_compares_the_last_row_of_every_horizon(tmp_path: Path, kind: str) -> None:
    settings: dict[str, Any] = {"value_columns": "x", "forecast": kind, "horizon": 4}
    rows = "".join(f"{row},{row if row < 55 else row + 3}\n" for row in range(ROWS))
    plain = of(tmp_path, f"t,x\n{rows}", **settings)
    dataset = with_backtest(plain, Backtest(stride=2, overlap=1, swapped=True))
    metrics = dataset.further_metrics(LastPlusOne(dataset), "test")
    # The test split is rows 51 to 59; horizons begin at 50, 52, 54 and 56 and end at 53 ... 59.
    values, expected = [53, 58, 60, 62], [53, 55, 57, 62]
    errors = [abs(value - guess) for value, guess in zip(values, expected, strict=True)]
    assert metrics == {
        "backtest_mae": pytest.approx(sum(errors) / 4, abs=1e-4),
        "backtest_mape": pytest.approx(
            sum(error / value for error, value in zip(errors, values, strict=True)) / 4, abs=1e-5
        ),
        "backtest_mape_swapped": pytest.approx(
            sum(error / guess for error, guess in zip(errors, expected, strict=True)) / 4, abs=1e-5
        ),
    }
    assert plain.further_metrics(LastPlusOne(plain), "test") == {}
    naive = dataset.baselines("test")["naive"]  # repeats rows 49, 51, 53 and 55
    assert naive["backtest_mae"] == (4 + 7 + 7 + 4) / 4
    assert naive["backtest_mape_swapped"] == pytest.approx((4 / 49 + 7 / 51 + 7 / 53 + 4 / 58) / 4)
    assert dataset.baselines("test")["exponential_smoothing"] == naive  # a line: the factor is 1
    assert "backtest_mae" not in plain.baselines("test")["naive"]
    long = of(tmp_path, f"t,x\n{rows}", **(settings | {"horizon": 30, "window": 6}))
    tested = with_backtest(long, Backtest())
    assert tested.further_metrics(LastPlusOne(tested), "test") == {}


def test_a_value_of_zero_has_no_relative_error() -> None:
    actual, forecast = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [1.0]])
    assert Backtest().errors(actual, forecast) == {"backtest_mae": 1.0, "backtest_mape": 0.5}
    assert Backtest().errors(actual[:1], forecast[:1]) == {"backtest_mae": 1.0}


def test_a_horizon_begins_where_a_model_has_seen_enough_and_ends_in_the_split() -> None:
    every = Backtest(overlap=1)
    assert list(every.origins(start=20, end=24, horizon=3, seen=12)) == [19, 20, 21]
    assert list(every.origins(start=5, end=9, horizon=3, seen=12)) == []
    assert list(every.origins(start=10, end=16, horizon=3, seen=12)) == [12, 13]
    third = Backtest(stride=3)
    assert list(third.origins(start=20, end=30, horizon=1, seen=12)) == [20, 23, 26, 29]


def test_min_max_scaling_is_fitted_on_the_training_part(tmp_path: Path) -> None:
    dataset = of(tmp_path, value_columns="x", scaling="min-max")
    assert dataset.scaling.offset.tolist() == [0.0]
    assert dataset.scaling.scale.tolist() == [41.0]
    assert dataset.rows("train").inputs.min() == 0
    assert dataset.rows("test").labels.max() > 1


def test_settings_of_recursive_forecasts_have_no_effect_on_direct_ones() -> None:
    config = SeriesConfig(path=Path("x.csv"), forecast_from=3, covariates_ahead=True)
    assert len(settings_without_effect(config, "dataset")) == 2


def test_the_passengers_have_year_and_month_beyond_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "passengers.csv"
    rows = "".join(f"{1949 + row // 12}-{row % 12 + 1:02},{100 + row}\n" for row in range(ROWS))
    path.write_text(f"Month,#Passengers\n{rows}", "utf-8")
    with pytest.raises(IntegrityError, match="for a series of your own: --dataset series"):
        _ = air_passengers(AirPassengersConfig(path=path), None).series
    pin(monkeypatch, "AIR_PASSENGERS", path)
    dataset = air_passengers(AirPassengersConfig(path=path, scaling="min-max", window=5), None)
    (series,) = dataset.series
    assert dataset.value_names == ("#Passengers",)
    assert dataset.column_names[1:4] == ("year", "january", "february")
    assert series.times[0] == "1949-01"
    assert series.rows[13] == [113.0, 1 / 83, 0.0, 1.0, *[0.0] * 10]
    assert series.future_times[0] == "1954-01"
    assert series.future[0] == [5 / 83, 1.0, *[0.0] * 11]
    inputs = dataset.rows("train").inputs
    assert inputs[0, 0].tolist() == [0.0, 0.0, 1.0, *[0.0] * 11]  # covariates are as they are
    assert inputs[..., 1].max() == pytest.approx(2 / 83)
    assert "backtest_mape" in dataset.further_metrics(LastPlusOne(dataset), "test")


@pytest.mark.parametrize(
    "times",
    [("1949-01-01", "1949-01-02"), ("1949Q1", "1949Q2"), ("1949-01", "1949-04"), ("a", "b")],
)
def test_passengers_of_other_times_than_months_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: tuple[str, str]
) -> None:
    path = tmp_path / "others.csv"
    path.write_text(f"Month,#Passengers\n{times[0]},1\n{times[1]},2\n", "utf-8")
    pin(monkeypatch, "AIR_PASSENGERS", path)
    with pytest.raises(DataError, match="the first column has no months, such as 1949-01"):
        _ = air_passengers(AirPassengersConfig(path=path), None).series


def test_the_other_pinned_series_are_their_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spots.csv"
    rows = "".join(f'"{1749 + row // 12}-{row % 12 + 1:02}",{row % 9}\n' for row in range(ROWS))
    path.write_text(f'"Month","Sunspots"\n{rows}', "utf-8")
    pin(monkeypatch, "SUNSPOTS", path)
    spots = sunspots(SunspotsConfig(path=path), None)
    assert spots.value_names == ("Sunspots",)
    metrics = spots.further_metrics(LastPlusOne(spots), "test")
    assert list(metrics) == ["backtest_mae", "backtest_mape", "backtest_mape_swapped"]
    path = tmp_path / "load.csv"
    hours = "".join(
        f"2016-07-{row // 24 + 1:02} {row % 24:02}:00:00,{row},1\n" for row in range(ROWS)
    )
    path.write_text(f"date,HUFL,OT\n{hours}", "utf-8")
    pin(monkeypatch, "ETTH1", path)
    monkeypatch.setattr(pinned, "ETTH1_ROWS", 50)
    loads = etth1(Etth1Config(path=path), None)
    assert loads.value_names == ("HUFL", "OT")
    assert len(loads.series[0].rows) == 50
    assert loads.season == 24
