"""Carrying out sweeps: what is trained, continued, left alone, and told about failures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.errors import DataError, DeviceError, NetworkError, TargetError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.sweeps import first_run
from zoo_core.runtime.sweeps.engine import AbstractEngine, JobAdvanced, JobEnded
from zoo_core.runtime.sweeps.sweep import (
    SweepEvent,
    run_sweep,
    settle_threads,
    threads_share,
)
from zoo_core.runtime.training.events import EpochEnded, Started
from zoo_core.sweeps.folder import lock_sweep_folder, read_sweep
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import PlannedRun, Question
from zoo_core.sweeps.run_states import list_sweep_runs, record_failure
from zoo_core.sweeps.sweep import Sweep


@pytest.fixture
def base(catalog: Catalog) -> RunConfig:
    """A run that trains in an instant."""
    return resolve_run(catalog, "rnn-cell.hello").run_config({"trainer": {"epochs": 3}})


def _question(base: RunConfig, *sizes: int, seeds: tuple[int, ...] = (0,)) -> Question:
    grid = Grid(seeds=seeds, values={"model.hidden_size": sizes} if sizes else {})
    return Question(base=base, grids=(grid,), named=grid.keys)


def _carry_out(
    catalog: Catalog, folder: Path, question: Question, *, stop_after: int = 0, threads: int = 1
) -> tuple[list[str], list[SweepEvent]]:
    """Returns the names of the runs that were trained, and all events."""
    engine, seen = InProcessEngine(), list[SweepEvent]()

    def should_stop() -> bool:
        epochs = [e for e in seen if isinstance(e, JobAdvanced) and isinstance(e.event, EpochEnded)]
        return stop_after < 0 or 0 < stop_after <= len(epochs)

    for event in run_sweep(
        catalog, folder, [question], threads=threads, engine=engine, should_stop=should_stop
    ):
        if event is not None:
            seen.append(event)
    return engine.started, seen


def _states(folder: Path) -> dict[str, str]:
    return {run.name: run.state for run in list_sweep_runs(folder)}


def test_finished_runs_are_skipped_and_new_seeds_and_values_trained(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    assert _carry_out(catalog, folder, _question(base, 3, 4))[0] == [
        "seed=0,hidden-size=3",
        "seed=0,hidden-size=4",
    ]
    assert _carry_out(catalog, folder, _question(base, 3, 4))[0] == []
    assert _carry_out(catalog, folder, _question(base, 4, 5, seeds=(0, 1)))[0] == [
        "seed=0,hidden-size=5",
        "seed=1,hidden-size=4",
        "seed=1,hidden-size=5",
    ]
    assert set(_states(folder).values()) == {"finished"}
    assert len(list(folder.rglob("model.safetensors"))) == len(_states(folder)) == 5


def test_an_engine_that_lacks_something_is_refused_before_any_event(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    engine = InProcessEngine(lack=NetworkError("no cluster answers"))
    events = run_sweep(catalog, tmp_path / "s", [_question(base)], threads=1, engine=engine)
    with pytest.raises(NetworkError, match=r"^no cluster answers$"):
        next(events)
    assert engine.started == []
    assert not (tmp_path / "s").exists()


def test_what_cannot_be_trained_is_not_added_to_a_sweep(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    _carry_out(catalog, tmp_path, _question(base))
    before = (tmp_path / "sweep.toml").read_bytes()
    asked = [_question(base, seeds=(1,))]
    engine = InProcessEngine(lack=NetworkError("no cluster answers"))
    with pytest.raises(NetworkError):
        next(run_sweep(catalog, tmp_path, asked, threads=1, engine=engine))
    assert (tmp_path / "sweep.toml").read_bytes() == before
    assert _carry_out(catalog, tmp_path, *asked)[0] == ["seed=1"]


def test_a_finished_sweep_needs_nothing_of_its_engine(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    _carry_out(catalog, tmp_path / "s", _question(base))
    engine = InProcessEngine(lack=NetworkError("no cluster answers"))
    events = run_sweep(catalog, tmp_path / "s", [_question(base)], threads=1, engine=engine)
    assert len(list(events)) == 1


def test_an_interrupted_run_continues_to_the_same_bytes(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    question = _question(base, seeds=(0, 1))
    _, events = _carry_out(catalog, tmp_path / "cut", question, stop_after=1)
    assert [e.outcome for e in events if isinstance(e, JobEnded)] == ["interrupted"]
    assert _states(tmp_path / "cut") == {"seed=0": "interrupted", "seed=1": "missing"}
    _, events = _carry_out(catalog, tmp_path / "cut", question)
    starts = [
        e.event for e in events if isinstance(e, JobAdvanced) and isinstance(e.event, Started)
    ]
    assert [start.epoch for start in starts] == [2, 1]
    _carry_out(catalog, tmp_path / "whole", question)
    for name in ("seed=0", "seed=1"):
        for file in ("model.safetensors", "config.json", "history.jsonl"):
            cut, whole = (tmp_path / part / name / file for part in ("cut", "whole"))
            assert cut.read_bytes() == whole.read_bytes()


def test_a_failed_run_is_named_and_the_others_go_on(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    grid = Grid(seeds=(0,), values={"trainer.learning_rate": (1e38, 0.01)})
    trainer = base.configs["trainer"] | {"optimizer": "SGD", "clip_norm": None}
    base = replace(base, configs=base.configs | {"trainer": trainer})
    question = Question(base=base, grids=(grid,), named=grid.keys)
    started, _ = _carry_out(catalog, tmp_path, question)
    assert len(started) == 2
    failed, finished = list_sweep_runs(tmp_path)
    assert (failed.state, failed.exit_code, finished.state) == ("failed", 8, "finished")
    assert "loss inf" in failed.reason
    assert _carry_out(catalog, tmp_path, question)[0] == []  # it would diverge again


def test_a_run_that_failed_for_another_reason_is_tried_again(
    catalog: Catalog, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    settings: dict[str, dict[str, object]] = {
        "dataset": {"path": str(text), "steps": 8},
        "model": {"hidden_size": 4},
        "trainer": {"epochs": 1},
    }
    resolved = resolve_run(catalog, "gru-embed", dataset="text")
    question = _question(resolved.run_config(settings))
    text.write_text("a text\n" * 20)
    assert _carry_out(catalog, tmp_path / "s", question, stop_after=-1)[0] == []
    text.unlink()
    _carry_out(catalog, tmp_path / "s", question)
    (run,) = list_sweep_runs(tmp_path / "s")
    assert (run.state, run.exit_code, str(text) in run.reason) == ("failed", 6, True)
    text.write_text("a text that is there now\n" * 20)
    assert _carry_out(catalog, tmp_path / "s", question)[0] == ["seed=0"]
    assert _states(tmp_path / "s") == {"seed=0": "finished"}


def test_an_old_failure_is_forgotten_when_its_run_begins_again(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    _carry_out(catalog, tmp_path, _question(base), stop_after=-1)
    record_failure(tmp_path / "seed=0", "no room", 6)
    assert _states(tmp_path) == {"seed=0": "failed"}
    _carry_out(catalog, tmp_path, _question(base), stop_after=1)
    assert _states(tmp_path)["seed=0"] in ("interrupted", "unfinished")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"device": "tpu"}, "no device 'tpu' here; there is: "),
        ({"backend": "fast"}, "no backend 'fast'; there are: "),
    ],
)
def test_a_device_or_backend_that_is_missing_is_refused_before_the_first_run(
    catalog: Catalog, base: RunConfig, tmp_path: Path, choice: dict[str, Any], message: str
) -> None:
    with pytest.raises(ZooError) as error:
        _carry_out(catalog, tmp_path / "s", _question(replace(base, **choice), seeds=(0, 1)))
    assert str(error.value).startswith(message)
    assert not (tmp_path / "s").exists()


def test_a_device_that_is_missing_is_refused_before_further_runs_of_a_sweep(
    catalog: Catalog, base: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(device: str) -> str:
        raise DeviceError(f"no device {device}")

    _carry_out(catalog, tmp_path / "s", _question(base))
    monkeypatch.setattr(first_run, "choose_device", refuse)
    assert _carry_out(catalog, tmp_path / "s", _question(base))[0] == []  # which needs no device
    with pytest.raises(DeviceError):
        _carry_out(catalog, tmp_path / "s", _question(base, seeds=(0, 1)))


def test_data_that_cannot_be_read_are_refused_before_the_first_run(
    catalog: Catalog, tmp_path: Path
) -> None:
    settings: dict[str, dict[str, object]] = {"dataset": {"path": str(tmp_path / "none.txt")}}
    resolved = resolve_run(catalog, "gru-embed", dataset="text")
    question = _question(resolved.run_config(settings), 3, 4)
    with pytest.raises(DataError, match=r"none\.txt"):
        _carry_out(catalog, tmp_path / "s", question)
    assert not (tmp_path / "s").exists()


def test_a_folder_that_holds_another_run_fails_and_stays(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    longer = replace(
        base, configs=base.configs | {"trainer": base.configs["trainer"] | {"epochs": 9}}
    )
    _carry_out(catalog, tmp_path / "a", _question(longer), stop_after=1)
    _carry_out(catalog, tmp_path / "b", _question(base), stop_after=1)
    (tmp_path / "a" / "seed=0").rename(tmp_path / "moved")
    (tmp_path / "b" / "seed=0").rename(tmp_path / "a" / "seed=0")
    _carry_out(catalog, tmp_path / "a", _question(longer))
    (run,) = list_sweep_runs(tmp_path / "a")
    assert run.state == "failed"
    assert "holds another run: trainer.epochs = 9 (was 3); move the folder away" in run.reason


def test_threads_are_settled_once(catalog: Catalog, base: RunConfig, tmp_path: Path) -> None:
    _carry_out(catalog, tmp_path, _question(base), threads=2)
    assert read_sweep(tmp_path).threads == 2
    _carry_out(catalog, tmp_path, _question(base, seeds=(1,)), threads=0)
    for seed in (0, 1):
        manifest = json.loads((tmp_path / f"seed={seed}" / "config.json").read_text())
        assert manifest["threads"] == 2
    with pytest.raises(TargetError, match="have --threads 2: leave it out, or choose"):
        _carry_out(catalog, tmp_path, _question(base), threads=1)


def test_a_tiny_model_has_one_thread_by_default(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    _carry_out(catalog, tmp_path, _question(base), threads=0)
    assert read_sweep(tmp_path).threads == 1


def test_the_largest_model_of_every_question_settles_the_threads(
    catalog: Catalog, base: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def choose(catalog: Catalog, run: PlannedRun, cores: int) -> int:
        asked.append(run.run_config.configs["model"]["hidden_size"])
        return cores if asked[-1] > 100 else 1

    monkeypatch.setattr(first_run, "threads_alone", choose)
    small = _question(base, 3, 4)
    large = _question(base, 5, 512, 6)
    assert settle_threads(catalog, Sweep(threads=0, questions=(small,)), 4) == 1
    assert settle_threads(catalog, Sweep(threads=0, questions=(small, large, small)), 4) == 4
    assert asked == [4, 4, 512]


def test_runs_of_other_machines_have_one_thread() -> None:
    engine = InProcessEngine()
    assert threads_share(engine, 1) == threads_share(None, 1) >= 1
    elsewhere = type("Elsewhere", (AbstractEngine,), {"run": InProcessEngine.run})()
    assert threads_share(elsewhere, 1) == 1


def test_a_locked_folder_is_refused_and_left_as_it_is(
    catalog: Catalog, base: RunConfig, tmp_path: Path
) -> None:
    _carry_out(catalog, tmp_path, _question(base))
    before = (tmp_path / "sweep.toml").read_bytes()
    with lock_sweep_folder(tmp_path), pytest.raises(TargetError, match="is in use by process"):
        _carry_out(catalog, tmp_path, _question(base, seeds=(1,)))
    assert (tmp_path / "sweep.toml").read_bytes() == before
