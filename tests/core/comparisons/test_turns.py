"""Times compare only between runs that took turns in one session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.comparisons.records import record
from zoo_core.comparisons.run_record import RunRecord
from zoo_core.comparisons.turns import TURNS, Turn, Turns, read_turns, timed_folders, write_turns

SESSIONS = {"a": {"engine": "local"}, "b": {"engine": "local"}}


def run(folder: Path, model: str, seed: int) -> RunRecord:
    """Returns a run in a folder of runs."""
    return replace(record([1.0], model, seed), folder=folder / f"seed={seed},model={model}")


def note(folder: Path, runs: list[RunRecord], *turns: Turn) -> None:
    """Writes how runs were trained."""
    names = [record.folder.name for record in runs]
    write_turns(folder, Turns(SESSIONS, dict(zip(names, turns, strict=True))))


@pytest.fixture
def runs(tmp_path: Path) -> list[RunRecord]:
    """Two models with two seeds."""
    return [run(tmp_path, model, seed) for seed in (0, 1) for model in ("gru", "lstm")]


def test_runs_of_one_session_have_times(runs: list[RunRecord], tmp_path: Path) -> None:
    note(tmp_path, runs, *[Turn("a", True)] * 4)
    assert timed_folders(runs) == {record.folder for record in runs}


def test_each_seed_may_have_a_session_of_its_own(runs: list[RunRecord], tmp_path: Path) -> None:
    note(tmp_path, runs, *[Turn("a", True)] * 2, *[Turn("b", True)] * 2)
    assert len(timed_folders(runs)) == 4


@pytest.mark.parametrize("broken", [Turn("b", True), Turn("a", False)])
def test_a_seed_with_a_run_of_another_session_or_with_a_break_has_none(
    runs: list[RunRecord], tmp_path: Path, broken: Turn
) -> None:
    note(tmp_path, runs, *[Turn("a", True)] * 3, broken)
    assert timed_folders(runs) == {record.folder for record in runs[:2]}


def test_runs_of_two_folders_and_unknown_ones_have_none(
    runs: list[RunRecord], tmp_path: Path
) -> None:
    assert not timed_folders(runs)
    note(tmp_path, runs, *[Turn("a", True)] * 4)
    other = run(tmp_path / "other", "rnn", 0)
    other.folder.mkdir(parents=True)
    note(tmp_path / "other", [other], Turn("a", True))
    assert not timed_folders([*runs, other])


def test_a_run_from_elsewhere_takes_the_times_of_no_other(
    runs: list[RunRecord], tmp_path: Path
) -> None:
    note(tmp_path, runs, *[Turn("a", True)] * 4)
    assert len(timed_folders([*runs, run(tmp_path / "elsewhere", "rnn", 0)])) == 4


@pytest.mark.parametrize("text", ["", "[]", '{"sessions": {}, "runs": {"x": 1}}', "{" * 9999])
def test_a_damaged_file_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / TURNS).write_text(text)
    assert read_turns(tmp_path) == Turns({}, {})
