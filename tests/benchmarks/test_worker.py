"""Work in a separate process."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks import training
from benchmarks.benchmark import Setup
from benchmarks.cases import CASES
from benchmarks.levels import UNCOMPILED
from benchmarks.timing import Effort
from benchmarks.worker import Worker
from zoo_core.plugins.catalog import Catalog


def worker(implementation: str) -> Worker:
    return Worker("benchmarks.training", UNCOMPILED, "toy", "rnn", implementation)


@pytest.mark.gate
@pytest.mark.parametrize("implementation", ["torch.nn", "zoo portable"])
def test_a_process_takes_the_requested_number_of_steps(implementation: str) -> None:
    with worker(implementation) as work:
        assert work.ready()
        assert [work(3), work(5)] == [3 * CASES["toy"].steps, 5 * CASES["toy"].steps]
    assert work.process.returncode == 0


@pytest.mark.gate
def test_a_missing_implementation_is_an_error() -> None:
    with worker("zoo native") as work, pytest.raises(RuntimeError) as refused:
        work.ready()
    assert "zoo native ended with 1" in str(refused.value)


def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str) -> Worker:
    """A process that serves what a function of these lines makes."""
    lines = ["import os, time", "from benchmarks.worker import serve", "def make():", make]
    (tmp_path / "served.py").write_text("\n".join([*lines, "serve(make)"]))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Worker("served")


def test_a_worker_that_cannot_do_the_work_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with script(tmp_path, monkeypatch, "  return None") as work:
        assert not work.ready()
    assert work.process.returncode == 0


def test_output_of_the_work_is_not_taken_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = "  print('hello'); return lambda count: (os.system('echo 5'), count / 2)[1]"
    with script(tmp_path, monkeypatch, make) as work:
        assert work.ready()
        assert work(3) == 1.5


def test_an_interrupted_turn_is_terminated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = "  return lambda count: time.sleep(count)"
    work = script(tmp_path, monkeypatch, make)
    with suppress(KeyboardInterrupt), work:
        assert work.ready()
        assert work.process.stdin
        work.process.stdin.write("600\n")
        work.process.stdin.flush()
        raise KeyboardInterrupt
    assert work.process.returncode == -signal.SIGTERM


@pytest.mark.gate
def test_training_measures_every_implementation_that_is_ready(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "peer_makers", lambda cell, case: {"torch.nn": None})
    monkeypatch.setattr(training, "zoo_implementations", lambda catalog: {"zoo portable": None})
    monkeypatch.setattr(training, "CASES", {"toy": CASES["toy"]})
    monkeypatch.setattr(training, "GATES", {"rnn": 1})
    setup = Setup(catalog, tmp_path, Effort(2, 0.01), quick=True)
    (measured,) = training.training(setup)
    turns = 2 * training.TURNS
    samples = {row.implementation: len(row.samples) for row in measured}
    assert samples == {"torch.nn": turns, "zoo portable": turns}
    assert min(row.value for row in measured) > 0
