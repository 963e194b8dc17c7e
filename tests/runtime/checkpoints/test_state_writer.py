"""States that are written beside the training: what is on disk, when, and what a fault leaves."""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runtime.runs import interrupt
from zoo_core.errors import TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints import state_writer
from zoo_core.runtime.checkpoints.resume_states import (
    StateFiles,
    has_state,
    read_state,
    write_state,
)
from zoo_core.runtime.checkpoints.state_writer import StateWriter
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Saved, Stepped


@pytest.fixture
def files(catalog: Catalog, run_config: RunConfig, tmp_path: Path) -> StateFiles:
    """The files of a state after three steps."""
    interrupt(Run(catalog, run_config, tmp_path / "saved"), 3)
    return StateFiles.of(read_state(tmp_path / "saved"))


@pytest.fixture
def all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state counts as large."""
    monkeypatch.setattr(state_writer, "LEAST_SIZE", 0)


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch, all_sizes: None) -> threading.Event:
    """A disk that writes no state before the event is set."""
    is_ready = threading.Event()

    def write(folder: Path, files: StateFiles) -> int:
        assert is_ready.wait(60)
        return write_state(folder, files)

    monkeypatch.setattr(state_writer, "write_state", write)
    return is_ready


def test_a_small_state_is_on_disk_at_once(tmp_path: Path, files: StateFiles) -> None:
    assert StateWriter(tmp_path).begin(files) == 3
    assert has_state(tmp_path)


def test_a_large_state_is_written_while_the_caller_goes_on(
    tmp_path: Path, files: StateFiles, slow_disk: threading.Event
) -> None:
    writer = StateWriter(tmp_path)
    assert writer.begin(files) is None
    assert writer.is_busy
    assert writer.written() is None
    assert not has_state(tmp_path)
    slow_disk.set()
    assert writer.wait() == 3
    assert not writer.is_busy
    assert writer.written() is None, "a step is returned once"
    assert read_state(tmp_path).loop_state.progress.steps == 3


@pytest.mark.usefixtures("all_sizes")
def test_what_the_training_changes_meanwhile_is_not_in_the_state(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path / "saved"), 3)
    state = read_state(tmp_path / "saved")
    expected = {name: weight.clone() for name, weight in state.loop_state.weights.items()}
    files = StateFiles.of(state).copied()
    for weight in state.loop_state.weights.values():
        weight.zero_()
    write_state(tmp_path / "copy", files)
    weights = read_state(tmp_path / "copy").loop_state.weights
    assert all(weights[name].equal(weight) for name, weight in expected.items())


def test_a_state_is_written_at_once_where_there_is_no_memory_for_its_copy(
    tmp_path: Path, files: StateFiles, monkeypatch: pytest.MonkeyPatch, all_sizes: None
) -> None:
    monkeypatch.setattr(state_writer, "free_memory", lambda: 2 * files.size)
    assert StateWriter(tmp_path).begin(files) == 3


@pytest.mark.usefixtures("all_sizes")
@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("zoo_core.runtime.checkpoints.resume_states.StateFiles.copied", MemoryError()),
        ("threading.Thread.start", RuntimeError("can't start new thread")),
    ],
    ids=["memory", "threads"],
)
def test_a_state_is_written_at_once_where_the_process_may_take_no_more(
    tmp_path: Path,
    files: StateFiles,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: Exception,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(place, refuse)
    writer = StateWriter(tmp_path)
    assert writer.begin(files) == 3
    assert not writer.is_busy
    assert read_state(tmp_path).loop_state.progress.steps == 3


def test_a_second_state_waits_for_the_first(
    tmp_path: Path, files: StateFiles, slow_disk: threading.Event
) -> None:
    writer = StateWriter(tmp_path)
    writer.begin(files)
    threading.Timer(0.05, slow_disk.set).start()
    assert writer.write(files._replace(step=4)) == 4
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"CURRENT", "4"}


@pytest.mark.skipif(sys.platform == "win32", reason="this platform signals no thread")
def test_ctrl_c_while_a_state_is_awaited_leaves_it_pending(
    tmp_path: Path, files: StateFiles, slow_disk: threading.Event
) -> None:
    writer = StateWriter(tmp_path)
    writer.begin(files)
    thread = threading.main_thread().ident
    assert thread is not None
    threading.Timer(0.05, signal.pthread_kill, (thread, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        writer.wait()
    assert writer.is_busy
    slow_disk.set()
    assert writer.wait() == 3


def test_an_error_of_the_disk_is_raised_by_the_next_call(
    tmp_path: Path, files: StateFiles, all_sizes: None
) -> None:
    (tmp_path / "state").write_text("in the way")
    writer = StateWriter(tmp_path)
    assert writer.begin(files) is None
    writer.close()
    with pytest.raises(TargetError, match=r"cannot write .*state"):
        writer.written()
    assert writer.written() is None


def test_a_run_takes_its_steps_while_a_state_is_written(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path, slow_disk: threading.Event
) -> None:
    trainer = run_config.configs["trainer"] | {"save_every": 0.0}
    configs = run_config.configs | {"trainer": trainer}
    slow_disk.set()
    events = Run(catalog, replace(run_config, configs=configs), tmp_path).events()
    next(events)
    slow_disk.clear()
    next(event for event in events if isinstance(event, Stepped))
    begun = [next(events) for _ in range(4)]
    assert not any(isinstance(event, Saved) for event in begun)
    slow_disk.set()
    while (tmp_path / "state" / "CURRENT").read_text() == "0\n":
        time.sleep(0.01)
    saved = next(event for event in events if isinstance(event, Saved))
    events.close()
    assert 0 < saved.step <= 2, "the state of the step at which it was begun"
    assert read_state(tmp_path).loop_state.progress.steps >= saved.step
