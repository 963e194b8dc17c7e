"""``zoo forecast``: rows, baselines, errors and the picture."""

from __future__ import annotations

import csv
import struct
from pathlib import Path

import pytest
import torch

import zoo_core
from tests.cli.command import Zoo
from tests.cli.conftest import zoo
from tests.plugins.series.test_series_dataset import of
from zoo_core.runtime.nn import AbstractModel, Batch, Output
from zoo_series.baselines import forecast_metrics
from zoo_series.dataset import SeriesDataset
from zoo_series.forecast import compare_forecasts, forecast, make_forecasts

__all__ = ["zoo"]

SMALL = ["--model.hidden-size", 4, "--trainer.epochs", 2, "--threads", 1]


class LastPlusOne(AbstractModel):
    """Predicts the last row plus one, two, ... of the first value."""

    causal = True
    carries_state = False

    def __init__(self, dataset: SeriesDataset) -> None:
        super().__init__(dataset.signature)
        self.dataset = dataset

    def initial_state(self, batch_size: int) -> None:
        return None

    def forward(self, batch: Batch, state: object = None) -> Output:
        scaling, count = self.dataset.scaling, self.signature.outputs.size
        last = scaling.undo(batch.inputs[..., :1].double())
        if self.signature.outputs.per == "step":
            return Output((last + 1 - scaling.offset[0]) / scaling.scale[0], None)
        rows = last[:, -1] + torch.arange(1, count + 1)
        return Output((rows - scaling.offset[0]) / scaling.scale[0], None)


@pytest.mark.parametrize("kind", ["direct", "recursive"])
def test_a_forecast_goes_on_from_its_own_rows(tmp_path: Path, kind: str) -> None:
    dataset = of(tmp_path, value_columns="x", covariate_columns="y", forecast=kind)
    past = torch.tensor(dataset.series[0].rows).double()
    rows = forecast(dataset, LastPlusOne(dataset), past, steps=9)
    assert rows[:, 0].tolist() == pytest.approx(list(range(60, 69)), abs=1e-3)
    table = make_forecasts(dataset, LastPlusOne(dataset), steps=2)
    assert table.columns == ("time", "x", "x_naive", "x_seasonal_naive")
    assert [row[0] for row in table.rows] == ["60", "61"]
    assert [row[2] for row in table.rows] == [59.0, 59.0]


def test_errors_stand_beside_those_of_the_baselines(tmp_path: Path) -> None:
    dataset = of(tmp_path, value_columns="x")
    errors = compare_forecasts(dataset, LastPlusOne(dataset), "test")
    assert errors["model"]["mae"] == pytest.approx(0, abs=1e-3)
    assert errors["naive"]["mae"] == errors["naive"]["mase"] == 3.5
    assert errors["seasonal_naive"] == errors["naive"]
    assert errors["exponential_smoothing"] == errors["naive"]  # a line is followed with factor 1


def test_metrics_are_those_of_the_definition() -> None:
    forecasts, actual = (
        torch.tensor([[1.0, 0.0], [3.0, 3.0]]),
        torch.tensor([[2.0, 0.0], [4.0, 1.0]]),
    )
    metrics = forecast_metrics(forecasts, actual, (2.0, 0.5))
    assert metrics == pytest.approx(
        {"mae": 1.0, "rmse": 1.5**0.5, "mape": (0.5 + 0.25 + 2) / 3, "mase": (0.5 + 0.5 + 4) / 4}
    )
    assert "mase" not in forecast_metrics(forecasts, actual, (0.0, 0.0))
    assert forecast_metrics(forecasts, actual, (2.0, 0.0))["mase"] == 0.5


def test_the_future_of_a_table_may_be_longer_or_shorter_than_a_forecast(tmp_path: Path) -> None:
    rows = "".join(f"w{row},{row},{row % 7}\n" for row in range(60))
    text = f"time,x,y\n{rows}next,,3\nlater,,4\n"
    dataset = of(tmp_path, text, value_columns="x", covariate_columns="y")
    for steps, times in ((1, ["next"]), (2, ["next", "later"]), (4, ["next", "later", "+3", "+4"])):
        table = make_forecasts(dataset, LastPlusOne(dataset), steps)
        assert [row[0] for row in table.rows] == times
        assert [row[1] for row in table.rows] == pytest.approx(
            list(range(60, 60 + steps)), abs=1e-3
        )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a small model of the sample; tests must not change it."""
    settings = {"model": {"hidden_size": 4}, "trainer": {"epochs": 2}}
    folder = tmp_path_factory.mktemp("sales") / "run"
    return zoo_core.train("gru-stacked.sales", folder, settings=settings, threads=1).folder


def test_the_command_writes_a_table_and_a_picture(zoo: Zoo, trained: Path, tmp_path: Path) -> None:
    arguments = ["forecast", trained, "--steps", 8, "--to", tmp_path / "next.csv"]
    result = zoo(*arguments)
    assert result.code == 0
    assert "errors on test" in result.stdout
    assert "seasonal naive" in result.stdout
    with (tmp_path / "next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["month"] for row in rows][::7] == ["2024-01", "2024-08"]
    assert all(float(row["sales"]) > 0 for row in rows)
    data = (tmp_path / "next.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24])[0] == 1200
    assert zoo(*arguments).code == 6
    again = zoo(*arguments, "--overwrite", "--json").json
    assert again["files"] == [str(tmp_path / "next.csv"), str(tmp_path / "next.png")]
    assert (tmp_path / "next.png").read_bytes() == data


def test_of_the_files_of_a_forecast_all_are_written_or_none(
    zoo: Zoo, trained: Path, tmp_path: Path
) -> None:
    picture = tmp_path / f"{'x' * 245}.png"  # a name that leaves no room for a temporary one
    result = zoo("forecast", trained, "--to", tmp_path / "next.csv", "--picture", picture)
    assert (result.code, result.stdout) == (6, "")
    assert result.stderr == f"Error: cannot write {picture}: File name too long\n"
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_what_an_evaluation_measures(zoo: Zoo, trained: Path) -> None:
    answer = zoo("forecast", trained, "--json").json
    assert len(answer["forecast"]) == 6
    measured = zoo("evaluate", trained, "--split", "test", "--json").json["test"]
    for name in ("mae", "rmse", "mape", "mase"):
        assert answer["metrics"]["model"][name] == pytest.approx(measured[name], rel=1e-4)
    names = ("naive", "seasonal_naive", "exponential_smoothing")
    baselines = {name: answer["metrics"][name] for name in names}
    assert measured["baselines"] == baselines
    assert "test, seasonal naive: mae" in zoo("evaluate", trained).stdout


def test_the_pretrained_model_is_better_than_the_baselines(zoo: Zoo) -> None:
    answer = zoo("forecast", "gru-stacked.sales", "--json").json
    errors = {name: metrics["mae"] for name, metrics in answer["metrics"].items()}
    assert errors["model"] < min(errors["naive"], errors["seasonal_naive"])


def test_another_table_with_the_same_columns_is_continued(
    zoo: Zoo, trained: Path, tmp_path: Path
) -> None:
    rows = "".join(f"2020-{month:02},{100 + month}\n" for month in range(1, 13))
    (tmp_path / "mine.csv").write_text(f"month,sales\n{rows}")
    result = zoo("forecast", trained, "--file", tmp_path / "mine.csv", "--json")
    assert result.json["forecast"][0]["month"] == "2021-01"
    assert result.json["metrics"] == {}
    (tmp_path / "other.csv").write_text("month,visits\n2020-01,1\n")
    assert zoo("forecast", trained, "--file", tmp_path / "other.csv").code == 6


def test_a_series_has_the_season_of_its_own_times_and_a_whole_window_no_remark(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    days = [("days", f"2024-01-{day:02}", day) for day in range(1, 31)]
    months = [("months", f"{2020 + m // 12}-{m % 12 + 1:02}-01", m) for m in range(30)]
    rows = "".join(f"{time},{name},{x}\n" for name, time, x in days + months)
    dataset = of(
        tmp_path, f"time,name,x\n{rows}", value_columns="x", id_column="name", window=30, horizon=1
    )
    table = make_forecasts(dataset, LastPlusOne(dataset), steps=1)
    seasonal = table.columns.index("x_seasonal_naive")
    assert [(row[0], row[seasonal]) for row in table.rows] == [
        ("2024-01-31", 24.0),
        ("2022-07-01", 18.0),
    ]
    assert "the window of the model" not in caplog.text


def test_a_table_with_fewer_rows_than_the_window_is_remarked_upon(
    zoo: Zoo, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "short.csv").write_text("month,sales\n2020-01,100\n2020-02,101\n")
    result = zoo("forecast", trained, "--file", tmp_path / "short.csv")
    assert result.code == 0
    assert "the window of the model is 24 rows, and there are 2" in result.stderr
    enough = zoo("forecast", trained)
    assert "the window of the model" not in enough.stderr


def test_wrong_requests_are_refused(zoo: Zoo, trained: Path, hello: Path, tmp_path: Path) -> None:
    result = zoo("forecast", hello)
    assert result.code == 6
    assert "lstm-embed is trained on hello, not on series" in result.stderr
    assert zoo("forecast", trained, "--to", tmp_path / "next.txt").code == 2
    assert zoo("forecast", trained, "--picture", tmp_path / "next.jpg").code == 2
    assert zoo("forecast", trained, "--steps", 0).code == 2
    assert zoo("forecast", tmp_path / "none").code == 3
