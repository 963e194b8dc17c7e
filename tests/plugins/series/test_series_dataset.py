"""Series: columns, splits, scaling, windows, and what a checkpoint keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.plugins.series.made import sales as made_sales
from zoo_core import Features, Values
from zoo_core.errors import DataError
from zoo_core.runtime.nn import Output
from zoo_series.baselines import fit_smoothing, naive, naive_error, seasonal_naive, smoothed
from zoo_series.configs import SalesConfig, SeriesConfig
from zoo_series.dataset import SALES, SeriesDataset, sales, series

ROWS = 60
TEXT = "time,x,y,note\n" + "".join(f"{row},{row},{10 * row % 7},n\n" for row in range(ROWS))


def of(tmp_path: Path, text: str = TEXT, **settings: object) -> SeriesDataset:
    """Returns the dataset of a CSV file."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    return series(SeriesConfig(path=path, **settings), None)  # type: ignore[arg-type]


def test_the_sample_is_what_its_rule_makes() -> None:
    assert SALES.read_bytes() == made_sales()
    assert sales(SalesConfig(), None).season == 12


def test_the_first_column_is_time_and_the_other_numbers_are_values(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    assert dataset.columns.time == "time"
    assert dataset.value_names == dataset.column_names == ("x", "y")
    assert dataset.signature.input_size == 2
    assert dataset.signature.outputs.size == 12


def test_the_defaults_fit_60_rows(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    counts = {split: len(dataset.rows(split)) for split in dataset.splits}
    assert counts == {"train": 42 - 12 - 6 + 1, "validation": 9 - 6 + 1, "test": 9 - 6 + 1}


def test_a_window_is_followed_by_its_targets_and_no_target_is_in_two_splits(
    tmp_path: Path,
) -> None:
    dataset = of(tmp_path, scaling="none", value_columns="x")
    seen: dict[str, set[float]] = {}
    for split in dataset.splits:
        rows = dataset.rows(split)
        assert torch.equal(rows.labels[:, 0], rows.inputs[:, -1, 0] + 1)
        assert torch.equal(rows.labels[:, -1], rows.labels[:, 0] + 5)
        seen[split] = set(rows.labels.flatten().tolist())
    assert seen["train"] == set(range(12, 42))
    assert seen["validation"] == set(range(42, 51))
    assert seen["test"] == set(range(51, 60))


def test_scaling_is_fitted_on_the_training_part(tmp_path: Path) -> None:
    dataset = of(tmp_path, value_columns="x")
    train = torch.arange(42.0)
    (mean,), (scale,) = dataset.scaling.offset.tolist(), dataset.scaling.scale.tolist()
    assert mean == pytest.approx(train.mean().item())
    assert scale == pytest.approx(train.std(correction=0).item())
    outputs = dataset.signature.outputs
    assert isinstance(outputs, Values)
    assert outputs.offset == (mean,) * 6
    assert outputs.naive_error == (1.0,) * 6
    assert outputs.names == tuple(f"x+{step}" for step in range(1, 7))


@pytest.mark.parametrize("scaling", ["standard", "min-max"])
def test_a_column_that_never_changes_is_not_divided(tmp_path: Path, scaling: str) -> None:
    rows = "".join(f"{row},{row},4\n" for row in range(ROWS))
    dataset = of(tmp_path, f"time,x,same\n{rows}", scaling=scaling)
    assert dataset.scaling.offset[1] == 4
    assert dataset.scaling.scale[1] == 1
    assert dataset.rows("train").inputs.isfinite().all()


def test_a_recursive_forecast_has_the_next_row_at_every_step(tmp_path: Path) -> None:
    dataset = of(tmp_path, forecast="recursive", scaling="none", covariate_columns="y")
    assert dataset.signature.outputs.next_token
    assert dataset.signature.outputs.names == ("x",)
    train, test = dataset.rows("train"), dataset.rows("test")
    assert torch.equal(train.labels[..., 0], train.inputs[..., 0] + 1)
    assert train.labels.max() == 41
    assert bool(test.labels[:, :-1].isnan().all())
    assert test.labels[:, -1, 0].tolist() == list(range(51, 60))


def test_a_checkpoint_keeps_columns_and_scaling(tmp_path: Path) -> None:
    dataset = of(tmp_path, covariate_columns="y")
    absent = series(SeriesConfig(path=tmp_path / "none.csv", covariate_columns="y"), None)
    absent.adopt(dataset.signature)
    assert absent.signature == dataset.signature
    assert isinstance(absent.signature.inputs, Features)
    assert absent.signature.inputs.names == ("x", "y")
    assert absent.value_names == ("x",)
    other = dataset.of_file(tmp_path / "rows.csv")
    other.adopt(dataset.signature)
    assert other.scaling.offset.tolist() == dataset.scaling.offset.tolist()


def test_a_checkpoint_reads_columns_of_other_names_if_they_are_named(tmp_path: Path) -> None:
    signature = of(tmp_path, value_columns="x").signature
    other = of(tmp_path, value_columns="y")
    other.adopt(signature)
    assert other.columns.values == ("y",)
    assert other.signature == signature
    both = of(tmp_path, value_columns="x,y")
    both.adopt(signature)
    with pytest.raises(DataError, match=r"2 columns of values, the model was trained on 1 \(x\)"):
        both.rows("train")


def test_several_series_are_split_by_themselves(tmp_path: Path) -> None:
    rows = "".join(f"{row},{name},{row}\n" for row in range(ROWS) for name in "ab")
    dataset = of(tmp_path, f"t,shop,x\n{rows}", id_column="shop")
    assert [one.name for one in dataset.series] == ["a", "b"]
    assert len(dataset.rows("train")) == 2 * (42 - 12 - 6 + 1)


def test_rows_without_values_hold_the_future(tmp_path: Path) -> None:
    dataset = of(tmp_path, TEXT + "60,,3,n\n61,,4,n\n", value_columns="x", covariate_columns="y")
    (only,) = dataset.series
    assert (only.future_times, only.future) == (["60", "61"], [[3.0], [4.0]])
    assert len(only.rows) == ROWS


def test_typed_rows_are_a_window_and_an_output_reads_as_rows(tmp_path: Path) -> None:
    dataset = of(tmp_path, value_columns="x")
    typed = dataset.encode("1 2, 3")
    expected = dataset.scaling.apply(torch.tensor([[1.0], [2.0], [3.0]]).double())
    assert torch.equal(typed.inputs[0], expected.float())
    measured = torch.arange(1, 7).double()
    scaled = (measured - dataset.scaling.offset) / dataset.scaling.scale
    assert dataset.decode(Output(scaled[None], None)) == "1 2 3 4 5 6"
    assert dataset.encode(dataset.example).inputs.shape == (1, 12, 1)
    two = of(tmp_path)
    assert two.encode("1 2; 3 4").inputs.shape == (1, 2, 2)
    for wrong in ("1 2 3", "a b", "", "1 inf"):
        with pytest.raises(DataError, match=r"expected rows of 2 numbers \(x y\)"):
            two.encode(wrong)


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (TEXT, {"value_columns": "z"}, "has no column 'z'"),
        (TEXT, {"value_columns": "x", "covariate_columns": "x"}, "the column 'x' is named twice"),
        ("t,x\n1,a\n2,b\n", {}, "no column of numbers beside the times"),
        ("t;x\n1;2\n2;3\n", {}, "no column of numbers: its columns look separated by ';'"),
        (TEXT + "60,,3,n\n61,5,4,n\n", {"value_columns": "x"}, "line 62: a number is missing"),
        (TEXT + "60,?,3,n\n", {"value_columns": "x"}, "line 62: '\\?' is no number in the column"),
        (TEXT + "60,nan,3,n\n", {"value_columns": "x"}, "line 62: 'nan' is no number in the"),
        (TEXT + "60,inf,3,n\n", {"value_columns": "x"}, "line 62: 'inf' is no number in the"),
        (
            TEXT + "7,1,3,n\n",
            {},
            "line 62: the time '7' is not after '59'; sort the rows by time, or",
        ),
        (TEXT, {"window": 40}, "split train has 42 of 60 rows, a window of 40 and a horizon of 6"),
        (TEXT, {"horizon": 10}, "split validation has 9 of 60 rows, a horizon of 10 needs more"),
        ("t,x\n1,\n", {"value_columns": "x"}, "the series has no values"),
    ],
)
def test_a_table_that_is_wrong_is_refused(
    tmp_path: Path, text: str, settings: dict[str, object], message: str
) -> None:
    dataset = of(tmp_path, text, **settings)
    with pytest.raises(DataError, match=message):
        _ = [dataset.rows(split) for split in dataset.splits]


def test_a_column_with_few_wrong_fields_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = of(tmp_path, TEXT.replace("\n7,7,", "\n7,?,"))
    assert dataset.value_names == ("y",)
    assert "the column 'x' is not used, it has no number on line 9" in caplog.text


def test_a_column_of_text_or_of_nothing_is_not_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = "".join(f"{row},{row},{'n' if row % 4 else row},\n" for row in range(ROWS))
    dataset = of(tmp_path, f"time,x,half,none\n{rows}")
    assert dataset.value_names == ("x",)
    assert "is not used" not in caplog.text


def test_the_baselines_repeat_a_row_or_a_season() -> None:
    past = torch.tensor([[1.0], [2.0], [4.0]])
    assert naive(past, 2).tolist() == [[4.0], [4.0]]
    assert seasonal_naive(past, 3, season=2).tolist() == [[2.0], [4.0], [2.0]]
    assert seasonal_naive(past, 2, season=9).tolist() == [[4.0], [4.0]]
    assert seasonal_naive(past, 2, season=3).tolist() == [[1.0], [2.0]]
    assert naive_error(past, season=1).tolist() == [1.5]
    assert naive_error(past, season=2).tolist() == [3.0]
    assert naive_error(past, season=3).tolist() == [1.5]


def test_exponential_smoothing_is_that_of_its_equation() -> None:
    past = torch.tensor([[1.0, 8.0], [2.0, 4.0], [4.0, 0.0]], dtype=torch.float64)
    levels = smoothed(past, torch.tensor([0.5, 0.25], dtype=torch.float64))
    assert levels.tolist() == [[1.0, 8.0], [1.5, 7.0], [2.75, 5.25]]
    assert torch.equal(smoothed(past, torch.ones(2, dtype=torch.float64)), past)


def test_the_factor_of_the_smoothing_has_the_least_squared_error_one_step_ahead() -> None:
    # from the level 0: errors 4, 0 - 4 α and 1 - 4 α (1 - α); the sum of squares is least at 0.11
    part = torch.tensor([[0.0], [4.0], [0.0], [1.0]], dtype=torch.float64)
    sums = {a: (4 * a) ** 2 + (1 - 4 * a * (1 - a)) ** 2 for a in (n / 100 for n in range(1, 101))}
    assert fit_smoothing([part]).tolist() == [min(sums, key=lambda a: sums[a])] == [0.11]
    rising = torch.arange(5.0, dtype=torch.float64).unsqueeze(1)
    assert fit_smoothing([rising, part[:1]]).tolist() == [1.0]
    assert fit_smoothing([part[:1]]).tolist() == [1.0]
