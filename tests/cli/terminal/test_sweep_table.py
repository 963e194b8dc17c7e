"""The runs of a sweep as a table, and why some failed."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo_cli.terminal.sweep_table import failure_lines, name_cells, sweep_table
from zoo_core.sweeps.run_states import SweepRun


class Terminal(io.StringIO):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _run(seed: int, settings: dict[str, Any], reason: str = "") -> SweepRun:
    return SweepRun(
        name=f"seed={seed}",
        path=Path(f"seed={seed}"),
        model="m",
        recipe="",
        dataset="d",
        label="",
        seed=seed,
        settings=settings,
        state="failed" if reason else "finished",
        reason=reason,
        metrics={},
    )


def test_a_reason_that_many_runs_share_is_one_line() -> None:
    runs = [_run(seed, {}, "no data") for seed in range(5)] + [_run(5, {}, "a\nb"), _run(6, {})]
    assert list(failure_lines(runs)) == [
        "seed=0, seed=1, seed=2 and 2 more failed: no data",
        r"seed=5 failed: a\nb",
    ]


def test_settings_have_a_column_each_and_a_blank_where_a_run_lacks_one() -> None:
    runs = [_run(0, {"model.hidden_size": 3}), _run(1, {"trainer.patience": None})]
    assert name_cells(runs) == [
        ["seed", "hidden-size", "patience"],
        ["0", "3", ""],
        ["1", "", "none"],
    ]


def test_a_table_has_the_result_the_speed_and_the_time_of_each_run() -> None:
    metrics = {"train": {"loss": 0.25}, "validation": {"loss": 0.5}}
    done = replace(_run(0, {}), metrics=metrics, seconds=12.34, tokens_per_second=1500.4)
    assert sweep_table([done, _run(1, {}, "no data")]) == [
        ["run", "state", "result", "tokens/s", "seconds"],
        ["seed=0", "finished", "validation loss 0.5", "1,500", "12.3"],
        ["seed=1", "failed", "", "", ""],
    ]


def test_a_terminal_without_room_for_the_names_shows_what_they_are_made_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = replace(_run(0, {"model.hidden_size": 3}), label="model=gru", name="x" * 30)
    wide = [["run"], ["x" * 30]]
    narrow = [["seed", "label", "hidden-size"], ["0", "gru", "3"]]
    # with two blanks between the columns: name, state, result, tokens/s and seconds
    width = 30 + 2 + len("finished") + 2 + len("result") + 2 + len("tokens/s") + 2 + len("seconds")
    for is_terminal, columns, expected in (
        (True, width, wide),
        (True, width - 1, narrow),
        (False, width - 1, wide),
    ):
        monkeypatch.setattr(sys, "stdout", Terminal() if is_terminal else io.StringIO())
        monkeypatch.setenv("COLUMNS", str(columns))
        assert [row[: len(expected[0])] for row in sweep_table([run])] == expected
