"""Work in a process of its own."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks import training
from benchmarks.cases import CASES
from benchmarks.levels import UNCOMPILED
from benchmarks.subject import Bench
from benchmarks.timing import Effort
from benchmarks.worker import Worker
from zoo_core.plugins.catalog import Catalog


def worker(way: str) -> Worker:
    return Worker("benchmarks.training", UNCOMPILED, "S", "rnn", way)


@pytest.mark.parametrize("way", ["torch.nn", "zoo portable"])
def test_a_process_takes_the_steps_that_it_is_asked_for(way: str) -> None:
    with worker(way) as work:
        assert work.ready()
        assert [work(3), work(5)] == [3 * CASES["S"].steps, 5 * CASES["S"].steps]
    assert work.process.returncode == 0


def test_a_way_that_is_not_there_is_said_to_be_missing() -> None:
    with worker("zoo native") as work, pytest.raises(RuntimeError) as refused:
        work.ready()
    assert "zoo native ended with 1" in str(refused.value)


def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str) -> Worker:
    """A process that serves what a function of these lines makes."""
    lines = ["import os, time", "from benchmarks.worker import serve", "def make():", make]
    (tmp_path / "served.py").write_text("\n".join([*lines, "serve(make)"]))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Worker("served")


def test_what_cannot_be_done_here_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with script(tmp_path, monkeypatch, "  return None") as work:
        assert not work.ready()
    assert work.process.returncode == 0


def test_what_the_work_prints_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = "  print('hello'); return lambda count: (os.system('echo 5'), count / 2)[1]"
    with script(tmp_path, monkeypatch, make) as work:
        assert work.ready()
        assert work(3) == 1.5


def test_nobody_waits_for_a_turn_that_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = "  return lambda count: time.sleep(count)"
    work = script(tmp_path, monkeypatch, make)
    with suppress(KeyboardInterrupt), work:
        assert work.ready()
        assert work.process.stdin
        work.process.stdin.write("600\n")
        work.process.stdin.flush()
        raise KeyboardInterrupt
    assert work.process.returncode == -signal.SIGTERM


def test_training_measures_every_way_that_is_ready(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "peer_makers", lambda cell, case: {"torch.nn": None})
    monkeypatch.setattr(training, "zoo_ways", lambda catalog: {"zoo portable": None})
    monkeypatch.setattr(training, "CASES", {"S": CASES["S"]})
    monkeypatch.setattr(training, "GATES", {"rnn": 1})
    bench = Bench(catalog, tmp_path, Effort(2, 0.01), quick=True)
    (found,) = training.training(bench)
    turns = 2 * training.TURNS
    samples = {each.way: len(each.samples) for each in found}
    assert samples == {"torch.nn": turns, "zoo portable": turns}
    assert min(each.value for each in found) > 0
