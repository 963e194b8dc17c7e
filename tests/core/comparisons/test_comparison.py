"""Rows of a comparison: grouping, spread, target, and what may not be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.comparisons.records import record, run_config, seeds
from zoo_core.comparisons.comparison import compare_runs
from zoo_core.comparisons.labels import differences, labels
from zoo_core.errors import MisfitError, NotFoundError


def test_runs_that_differ_in_their_seeds_share_a_row() -> None:
    comparison = compare_runs([*seeds([1.0, 1.2, 1.1]), *seeds([3.0, 3.1], "lstm")])
    gru, lstm = comparison.rows
    assert (gru.seeds, lstm.seeds) == ((0, 1, 2), (0, 1))
    assert gru.values == (1.0, 1.2, 1.1)
    assert gru.mean == pytest.approx(1.1)
    assert gru.deviation == pytest.approx(0.1)


def test_threads_device_and_backend_make_no_row_of_their_own() -> None:
    runs = [record([1.0], threads=1), record([1.1], seed=1, threads=2, backend="native")]
    assert len(compare_runs(runs).rows) == 1


def test_rows_are_sorted_by_the_direction_of_the_metric() -> None:
    runs = [*seeds([2.0], "lstm"), *seeds([1.0])]
    assert [row.model for row in compare_runs(runs).rows] == ["gru", "lstm"]
    by_accuracy = compare_runs(runs, metric="accuracy")
    assert by_accuracy.higher_is_better
    assert [row.mean for row in by_accuracy.rows] == [0.9, 0.8]


def test_a_difference_within_the_spread_is_not_called_one() -> None:
    runs = [
        *seeds([1.00, 1.02, 1.01]),
        *seeds([1.01, 1.03, 1.02], "lstm"),
        *seeds([2.00, 2.02, 2.01], "rnn"),
        *seeds([3.0], "cnn"),
    ]
    rows = compare_runs(runs).rows
    assert [row.verdict for row in rows] == ["best", "within the spread", "worse", "not compared"]
    assert rows[0].difference is None
    assert rows[2].p_value is not None
    assert rows[2].p_value < 0.05
    assert rows[3].deviation is None


def test_time_and_tokens_to_the_target_are_those_of_the_first_epoch_that_reached_it() -> None:
    runs = [record([3.0, 1.0, 0.5]), record([0.9, 0.8, 2.0], seed=1)]
    timed = [run.folder for run in runs]
    (row,) = compare_runs(runs, target=1.0, timed=timed).rows
    assert (row.reached, row.target_tokens, row.target_seconds) == (2, 150, 3.0)
    (row,) = compare_runs(runs, target=0.6, timed=timed).rows
    assert (row.reached, row.target_tokens, row.target_seconds) == (1, None, None)


def test_a_target_is_reached_by_the_value_itself_in_either_direction() -> None:
    run = record([3.0, 1.0])
    curve = [
        point._replace(metrics={"validation": {"accuracy": value}})
        for point, value in zip(run.curve, (0.5, 0.75), strict=True)
    ]
    run = replace(run, curve=tuple(curve))
    for target, tokens in ((0.5, 100), (0.75, 200), (0.76, None)):
        (row,) = compare_runs([run], metric="accuracy", target=target).rows
        assert row.target_tokens == tokens


def test_the_train_split_reaches_the_target_by_the_evaluation_at_the_end() -> None:
    run = record([3.0, 2.0])
    curve = [point._replace(metrics={"train": {"loss": 2.0}}) for point in run.curve]
    run = replace(run, metrics={"train": {"loss": 0.9}}, curve=tuple(curve))
    (row,) = compare_runs([run], target=1.0).rows
    assert (row.reached, row.target_tokens) == (1, 200)
    (row,) = compare_runs([run], target=0.5).rows
    assert (row.reached, row.target_tokens) == (0, None)


def test_times_are_blank_unless_the_runs_were_made_by_turns() -> None:
    runs = seeds([1.0, 1.1])
    (row,) = compare_runs(runs, target=9.0).rows
    assert (row.seconds, row.tokens_per_second, row.target_seconds) == (None, None, None)
    assert row.target_tokens == 100
    (row,) = compare_runs(runs, timed=[run.folder for run in runs]).rows
    assert (row.seconds, row.tokens_per_second) == (4.0, 50.0)


def test_runs_on_different_data_are_refused() -> None:
    first = record([1.0])
    with pytest.raises(MisfitError, match=r"gru-0 is on text and rnn-0 on hello"):
        compare_runs([first, record([1.0], "rnn", dataset="hello")])
    with pytest.raises(MisfitError, match="different data of text"):
        compare_runs([first, record([1.0], "rnn", data="b")])


def test_an_interrupted_run_is_named_and_left_out_if_it_has_no_results() -> None:
    finished, early, late = seeds([1.0, 2.0, 3.0])
    early = replace(early, status="interrupted", metrics={}, curve=())
    late = replace(late, status="interrupted")
    comparison = compare_runs([finished, early, late])
    assert comparison.rows[0].seeds == (0, 2)
    assert comparison.remarks == (
        "gru-1 was interrupted: zoo resume ./gru-1; it has no results yet and is left out",
        "gru-2 was interrupted: zoo resume ./gru-2; its results are those of 2 epochs",
    )
    with pytest.raises(MisfitError, match="gru-1 was interrupted: zoo resume"):
        compare_runs([early])


def test_other_windows_of_the_same_data_are_marked() -> None:
    comparison = compare_runs([record([1.0]), record([1.0], "rnn", steps=32)])
    assert comparison.remarks == (
        "the runs differ in dataset.steps, so that their splits may differ too",
    )


def test_a_split_that_was_evaluated_in_part_is_marked() -> None:
    run = record([1.0])
    metrics = {"validation": {**run.metrics["validation"], "coverage": 0.25}}
    comparison = compare_runs([replace(run, metrics=metrics), record([1.0], "rnn")])
    assert "1 of 2 runs were evaluated on a part" in comparison.remarks[0]


def test_a_metric_may_name_its_split_and_an_unknown_one_is_refused() -> None:
    runs = seeds([1.0])
    assert compare_runs(runs, metric="validation.accuracy").metric == "accuracy"
    with pytest.raises(NotFoundError, match=r"'acuracy'; did you mean accuracy"):
        compare_runs(runs, metric="acuracy")
    with pytest.raises(NotFoundError, match=r"test\.loss"):
        compare_runs(runs, metric="test.loss")


def test_the_table_is_a_list_of_plain_values() -> None:
    (row,) = compare_runs(seeds([1.0, 2.0])).table
    assert row["seeds"] == "0 1"
    assert row["metric"] == "validation.loss"
    assert all(value is None or isinstance(value, str | int | float) for value in row.values())


def test_what_differs_leaves_out_what_only_one_model_has_and_what_has_no_effect() -> None:
    configs = [
        run_config(hidden_size=8, save_every=1.0),
        run_config(hidden_size=16, budget=20.0),
        run_config("rnn", hidden_size=8),
    ]
    configs[2].configs["model"]["tied"] = True
    assert differences(configs) == [
        ["hidden_size = 8", "budget = 0.0"],
        ["hidden_size = 16", "budget = 20.0"],
        ["hidden_size = 8", "budget = 0.0"],
    ]


def test_a_setting_that_two_parts_have_is_named_with_its_part() -> None:
    configs = [run_config(hidden_size=8), run_config(hidden_size=16)]
    for config in configs:
        config.configs["dataset"]["hidden_size"] = 1
    assert differences(configs) == [["model.hidden_size = 8"], ["model.hidden_size = 16"]]


def test_a_run_from_no_weights_has_the_source_none() -> None:
    started = [run_config(), replace(run_config(), source="dir:first")]
    assert differences(started) == [["source = none"], ["source = dir:first"]]


def test_labels_tell_runs_of_one_model_apart() -> None:
    assert labels([run_config(), run_config("rnn")]) == ["gru", "rnn"]
    assert labels([run_config(hidden_size=8), run_config(hidden_size=16)]) == [
        "gru hidden_size=8",
        "gru hidden_size=16",
    ]
    assert labels([run_config(recipe="gru.a"), run_config(recipe="gru.b")]) == ["gru.a", "gru.b"]


def test_a_run_has_its_folder() -> None:
    assert compare_runs(seeds([1.0])).rows[0].runs[0].folder == Path("gru-0")


def test_runs_of_several_processes_share_a_row_and_compiled_ones_have_their_own() -> None:
    runs = [record([1.0]), record([1.1], seed=1, processes=2)]
    assert [row.seeds for row in compare_runs(runs).rows] == [(0, 1)]
    compiled = record([1.2], compile=True)
    labels = [row.label for row in compare_runs([*runs, compiled]).rows]
    assert labels == ["gru compile=false", "gru compile=true"]
