"""Work in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_core.catalog import Catalog

from benchmarks import training
from benchmarks.cases import CASES
from benchmarks.levels import UNCOMPILED
from benchmarks.subject import Bench
from benchmarks.timing import Effort
from benchmarks.worker import Worker, serve


def worker(*, level: str, way: str) -> Worker:
    return Worker("benchmarks.training", level, "S", "rnn", way)


@pytest.mark.parametrize("way", ["torch.nn", "zoo portable"])
def test_a_process_takes_the_steps_that_it_is_asked_for(way: str) -> None:
    with worker(level=UNCOMPILED, way=way) as work:
        assert work.ready()
        assert [work(3), work(5)] == [3 * CASES["S"].steps, 5 * CASES["S"].steps]
    assert work.process.returncode == 0


def test_a_way_that_is_not_there_is_said_to_be_missing() -> None:
    with worker(level=UNCOMPILED, way="zoo native") as work, pytest.raises(RuntimeError) as refused:
        work.ready()
    assert "zoo native ended with 1" in str(refused.value)


def test_what_cannot_be_done_here_is_answered_and_not_asked_for() -> None:
    said: list[str] = []
    serve(None, iter(["3"]), said.append)
    assert said == ["no"]


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
