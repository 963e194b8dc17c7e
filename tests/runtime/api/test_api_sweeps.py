"""``zoo_core.sweep``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

import zoo_core
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.errors import ConfigError
from zoo_core.runtime.sweeps.engine import JobEnded, JobEvent
from zoo_core.runtime.sweeps.sweep import SweepStarted

ONE_EPOCH: dict[str, Any] = {"trainer": {"epochs": 1}}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains in the process of the test."""
    monkeypatch.setattr("zoo_core.runtime.sweeps.sweep.LocalEngine", InProcessEngine)


def test_a_sweep_trains_every_setting_and_returns_a_table(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "zoo_core")
    events: list[SweepStarted | JobEvent] = []
    result = zoo_core.sweep(
        "rnn-cell.hello",
        tmp_path / "sweep",
        seeds=range(2),
        vary={"model": {"hidden_size": [3, 5]}},
        settings=ONE_EPOCH,
        threads=1,
        listen=events.append,
    )
    assert (result.folder, result.threads) == (tmp_path / "sweep", 1)
    rows = [(row["model.hidden_size"], row["seed"], row["state"]) for row in result.table()]
    assert sorted(rows) == [(size, seed, "finished") for size in (3, 5) for seed in (0, 1)]
    assert all(row["train.loss"] > 0 and Path(row["path"]).is_dir() for row in result.table())
    assert isinstance(events[0], SweepStarted)
    ended = [event.job.name for event in events if isinstance(event, JobEnded)]
    assert sorted(ended) == sorted(run.name for run in result.runs)
    assert {f"{name} finished" for name in ended} <= set(caplog.messages)


def test_a_second_call_adds_runs_and_has_those_that_it_asks_for(tmp_path: Path) -> None:
    events: list[SweepStarted | JobEvent] = []
    for seeds in ([0], [0, 1], [1]):
        events.clear()
        result = zoo_core.sweep(
            "rnn-cell.hello", tmp_path, seeds=seeds, settings=ONE_EPOCH, listen=events.append
        )
        assert [run.seed for run in result.runs] == seeds
    assert not [event for event in events if isinstance(event, JobEnded)]


def test_a_range_is_drawn_from(tmp_path: Path) -> None:
    result = zoo_core.sweep(
        "rnn-cell.hello",
        tmp_path,
        vary={"model": {"hidden_size": "int:2..60"}},
        random=3,
        settings=ONE_EPOCH,
    )
    sizes = [run.settings["model.hidden_size"] for run in result.runs]
    assert len(sizes) == 3
    assert {type(size) for size in sizes} == {int}
    assert all(2 <= size <= 60 for size in sizes)


@pytest.mark.parametrize("given", [5, "5", []])
def test_what_varies_is_a_list_of_values_or_a_range(tmp_path: Path, given: Any) -> None:
    with pytest.raises(ConfigError, match=r"^model\.hidden_size = .*: expected a list of values"):
        zoo_core.sweep("rnn-cell.hello", tmp_path / "x", vary={"model": {"hidden_size": given}})
    assert not (tmp_path / "x").exists()


def test_a_range_without_a_number_of_draws_is_refused(tmp_path: Path) -> None:
    vary = {"model": {"hidden_size": "int:2..60"}}
    with pytest.raises(ConfigError, match=r"^model\.hidden_size: a range needs a number of random"):
        zoo_core.sweep("rnn-cell.hello", tmp_path / "x", vary=vary)
    assert not (tmp_path / "x").exists()
