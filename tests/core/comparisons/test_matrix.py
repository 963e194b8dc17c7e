"""A matrix of models and datasets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.comparisons.records import record
from zoo_core.comparisons.matrix import (
    Spread,
    format_cell,
    make_matrix,
    matrix_csv,
    matrix_json,
    matrix_markdown,
    matrix_tables,
)
from zoo_core.comparisons.run_record import RunRecord
from zoo_core.errors import MisfitError, NotFoundError


def run(
    model: str, dataset: str, values: tuple[float, float], seed: int = 0, **changes: int
) -> RunRecord:
    """Returns a run with an accuracy on validation and on test."""
    made = record([1.0], model, seed, dataset=dataset, data=dataset, **changes)
    metrics = {
        split: {"accuracy": value}
        for split, value in zip(("validation", "test"), values, strict=True)
    }
    return replace(made, metrics=metrics)


RUNS = [
    run("lstm", "parity", (1.0, 0.5)),
    run("lstm", "dyck", (0.9, 0.8)),
    run("gru", "parity", (0.75, 0.25)),
    run("lstm", "parity", (0.5, 0.5), seed=1),
]


def test_a_cell_has_mean_and_spread_within_and_beyond() -> None:
    matrix = make_matrix(RUNS, metric="accuracy")
    assert (matrix.rows, matrix.columns) == (("lstm", "gru"), ("parity", "dyck"))
    assert matrix.splits == ("validation", "test")
    spread = matrix.spread("lstm", "parity", "validation")
    assert spread is not None
    assert (spread.values, spread.mean) == ((1.0, 0.5), 0.75)
    assert spread.deviation == pytest.approx(0.35355, abs=1e-5)
    assert matrix.spread("gru", "dyck", "test") is None
    assert matrix.remarks == (
        "mean ± sample standard deviation over 1 to 2 seeds",
        "–: 1 pair has no run of the model on the dataset",
    )


def test_settings_tell_models_of_one_name_apart() -> None:
    runs = [run("gru", "parity", (1, 1)), run("gru", "parity", (0, 0), hidden_size=16)]
    assert make_matrix(runs, metric="accuracy").rows == ("gru hidden_size=8", "gru hidden_size=16")
    runs = [run("gru", "parity", (1, 1)), run("gru", "parity", (0, 0), steps=32)]
    assert make_matrix(runs, metric="accuracy").columns == ("parity steps=64", "parity steps=32")


def test_a_switch_is_named_where_it_is_on() -> None:
    off = run("gru", "parity", (0, 0), bidirectional=False)
    on = run("gru", "parity", (1, 1), bidirectional=True)
    matrix = make_matrix([off, on], metric="accuracy")
    assert matrix.rows == ("gru", "gru bidirectional")
    (table,) = matrix_tables(matrix, 80)
    assert [line[0] for line in table[1:]] == ["gru", "", "gru", "  bidirectional"]
    both = [off, on, run("gru", "parity", (1, 1), bidirectional=True, hidden_size=16)]
    assert make_matrix(both, metric="accuracy").rows[1] == "gru hidden_size=8 bidirectional"


def test_a_cell_with_two_settings_or_two_kinds_of_data_is_refused() -> None:
    runs = [run("gru", "parity", (1, 1)), run("gru", "parity", (0, 0), seed=1, budget=9)]
    with pytest.raises(MisfitError, match="gru on parity has runs with different budget"):
        make_matrix(runs, metric="accuracy")
    runs = [runs[0], replace(run("gru", "parity", (0, 0), seed=1), fingerprint="b")]
    with pytest.raises(MisfitError, match="gru on parity has runs on different data"):
        make_matrix(runs, metric="accuracy")


def test_a_metric_may_name_its_split_and_must_be_common() -> None:
    assert make_matrix(RUNS, metric="test.accuracy").splits == ("test",)
    with pytest.raises(NotFoundError, match="no common metric 'loss'"):
        make_matrix(RUNS)


def test_an_interrupted_run_is_named_and_left_out() -> None:
    interrupted = replace(run("rnn", "parity", (1, 1)), status="interrupted", metrics={})
    matrix = make_matrix([*RUNS, interrupted], metric="accuracy")
    assert (matrix.rows, matrix.splits) == (("lstm", "gru"), ("validation", "test"))
    assert "rnn-0 was interrupted, and is left out: zoo resume ./rnn-0" in matrix.remarks
    with pytest.raises(MisfitError, match="nothing to compare: rnn-0 was interrupted"):
        make_matrix([interrupted], metric="accuracy")


def test_a_matrix_as_text_json_csv_and_markdown() -> None:
    matrix = make_matrix(RUNS, metric="accuracy")
    (table,) = matrix_tables(matrix, 80)
    assert table == [
        ["", "", "parity", "dyck"],
        ["lstm", "validation", "0.750 ± 0.354", "0.900"],
        ["", "test", "0.500 ± 0.000", "0.800"],
        ["gru", "validation", "0.750", "–"],
        ["", "test", "0.250", "–"],
    ]
    assert [table[0] for table in matrix_tables(matrix, 36)] == [
        ["", "", "parity"],
        ["", "", "dyck"],
    ]
    values = matrix_json(matrix)
    assert values["cells"][0] | {"validation": 0} == {
        "row": "lstm",
        "column": "parity",
        "model": "lstm",
        "dataset": "parity",
        "parameters": 1000,
        "seeds": [0, 1],
        "validation": 0,
        "test": {"mean": 0.5, "deviation": 0.0, "values": [0.5, 0.5]},
    }
    assert matrix_csv(matrix).splitlines()[2] == "lstm,parity,test.accuracy,0.5,0.0,0 1,1000"
    markdown = matrix_markdown(matrix).splitlines()
    assert markdown[0] == "|  | parity | dyck |"
    assert markdown[3] == "| gru | 0.750<br>0.250 | –<br>– |"
    assert "- Accuracy on validation, below on test." in markdown


def test_a_table_is_as_wide_as_the_terminal_at_most() -> None:
    """A column that fits with the blanks behind it stays beside the others."""
    matrix = make_matrix(RUNS, metric="accuracy")
    (table,) = matrix_tables(matrix, 80)
    width = sum(max(map(len, column)) + 2 for column in zip(*table, strict=True))
    assert [len(matrix_tables(matrix, width - less)) for less in (0, 1)] == [1, 2]


def test_a_metric_on_neither_validation_nor_test_is_refused_with_the_split_to_name() -> None:
    runs = [replace(run, metrics={"train": run.metrics["test"]}) for run in RUNS]
    with pytest.raises(NotFoundError, match=r"accuracy on .*, such as --metric train\.accuracy"):
        make_matrix(runs, metric="accuracy")
    assert make_matrix(runs, metric="train.accuracy").splits == ("train",)


def test_the_pairs_without_a_run_are_counted() -> None:
    matrix = make_matrix([*RUNS, run("rnn", "copy", (1, 1))], metric="accuracy")
    assert matrix.remarks[-1] == "–: 5 pairs have no run of the model on the dataset"


def test_a_number_too_small_for_its_decimals_keeps_two_digits() -> None:
    assert format_cell(Spread((0.00096,), 0.00096, 0.0)) == "0.00096 ± 0.000"
    assert format_cell(Spread((0.001,), 0.001, None)) == "0.001"
