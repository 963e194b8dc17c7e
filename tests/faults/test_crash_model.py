"""The crash model: a save or a finish that stops after any file operation leaves a whole state."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Result
from tests.faults.conftest import Met
from tests.faults.fault import fault
from tests.faults.operations import Operation, crashes, crashes_after, recording
from zoo_core.errors import TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.checkpoints import state_writer
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.resume_states import (
    SavedState,
    StateFiles,
    has_state,
    read_state,
    write_state,
)
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Finished, Saved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are named by /proc")


def progress_of(catalog: Catalog, folder: Path) -> tuple[bool, int]:
    """Returns whether a folder holds a finished run, and the step of its saved state."""
    checkpoint = read_checkpoint(catalog, folder)
    assert all_finite(checkpoint.model.state_dict())
    return checkpoint.finished, read_state(folder).loop_state.progress.steps


def new_run(catalog: Catalog, folder: Path, **trainer: Any) -> Run:
    """Returns a run of three steps that saves after every step."""
    settings = {"trainer": {"epochs": 3, "save_every": 0.0} | trainer}
    return Run(catalog, resolve_run(catalog, "lstm-embed").run_config(settings, threads=1), folder)


def check(
    catalog: Catalog, before: Path, operations: list[Operation], into: Path, least: int
) -> tuple[int, set[tuple[bool, int]]]:
    """Replays every crash, and asserts that a later kill never leaves less than an earlier one.

    Returns:
        The number of crashes, and the outcomes: whether the run is finished, and its step.
    """
    outcomes, last, count = set(), (False, least), 0
    for kind, folder in crashes(before, operations, into):
        left = progress_of(catalog, folder)
        count += 1
        outcomes.add(left)
        assert left[1] >= least
        if kind == "kill":
            assert left >= last
            last = left
    return count, outcomes


@pytest.mark.parametrize("least_size", [state_writer.LEAST_SIZE, 0], ids=["small", "large"])
def test_a_save_is_whole_after_every_operation(
    catalog: Catalog,
    unfinished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    least_size: int,
) -> None:
    monkeypatch.setattr(state_writer, "LEAST_SIZE", least_size)
    before = shutil.copytree(unfinished, tmp_path / "before")
    events = resume(catalog, unfinished).events()
    with recording(unfinished) as operations:
        for event in events:
            if isinstance(event, Saved) and event.step > 7:
                break
            time.sleep(0.05)  # steps would be over before a state is written beside them
        else:
            pytest.fail("no state was saved")
    count, outcomes = check(catalog, before, operations, tmp_path / "left", 7)
    assert outcomes == {(False, 7), (False, event.step)}
    assert count > 30


@pytest.mark.gate
@pytest.mark.parametrize("step", [9, 11], ids=["again", "later"])
def test_a_save_after_one_whose_sync_failed_is_whole_after_every_operation(
    unfinished: Path, tmp_path: Path, step: int
) -> None:
    """A file system may fail to write to disk what it shows to every reader."""
    saved = read_state(unfinished)
    before = shutil.copytree(unfinished, tmp_path / "before")
    with recording(unfinished) as operations:
        write_state(unfinished, at_step(saved, 9))
    syncs = sum(operation.kind in ("write", "sync") for operation in operations)
    assert syncs > 5
    for number in range(syncs):
        run = shutil.copytree(before, tmp_path / f"run-{number}")
        with recording(run) as operations:
            with failing_sync(number), pytest.raises(TargetError, match="Input/output error"):
                write_state(run, at_step(saved, 9))
            failed_at = len(operations)
            write_state(run, at_step(saved, step))
        for count in range(failed_at, len(operations)):
            for _, folder in crashes_after(before, operations[:count], tmp_path / "left"):
                assert read_state(folder).loop_state.progress.steps in (7, 9, step)
        for _, folder in crashes_after(before, operations, tmp_path / "left"):
            assert read_state(folder).loop_state.progress.steps == step


def at_step(saved: SavedState, step: int) -> StateFiles:
    """Returns the files of a state, as that of another step."""
    progress = replace(saved.loop_state.progress, steps=step)
    return StateFiles.of(saved._replace(loop_state=saved.loop_state._replace(progress=progress)))


@contextmanager
def failing_sync(number: int) -> Iterator[None]:
    """Inside, the sync of a number, from 0, fails; what it was to write is not on the disk."""
    sync, numbers = os.fsync, itertools.count()

    def fail(descriptor: int) -> None:
        if next(numbers) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        yield


def test_a_finish_is_whole_after_every_operation(catalog: Catalog, tmp_path: Path) -> None:
    run = tmp_path / "run"
    events = new_run(catalog, run, save_every=1000.0).events()
    next(events)
    before = shutil.copytree(run, tmp_path / "before")
    with recording(run) as operations:
        *_, last = events
    assert isinstance(last, Finished)
    count, outcomes = check(catalog, before, operations, tmp_path / "left", 0)
    assert outcomes == {(False, 0), (False, 3), (True, 3)}
    assert count > 60


@fault(
    5,
    "power cut after “saved” was printed",
    says="",
    code=0,
    left="the state that was reported as saved: file and folder were synced before",
)
def test_a_reported_save_survives_a_power_cut(catalog: Catalog, met: Met, tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    before = shutil.copytree(above, tmp_path / "before")
    with recording(above) as operations:
        for event in new_run(catalog, above / "deep" / "run").events():
            if not isinstance(event, Saved | Finished):
                continue
            step = event.step if isinstance(event, Saved) else 3
            for _, folder in crashes_after(before, operations, tmp_path / "left"):
                finished, reached = progress_of(catalog, folder / "deep" / "run")
                assert (reached, finished) == (step, isinstance(event, Finished))
    met(Result(0, "", ""))


def test_the_crash_model_finds_a_rename_without_a_sync(tmp_path: Path) -> None:
    folder, before = tmp_path / "folder", tmp_path / "before"
    folder.mkdir()
    before.mkdir()
    with recording(folder) as operations:
        (folder / "a.tmp").write_bytes(b"new")
        (folder / "a.tmp").rename(folder / "a")
    left = {
        (path / "a").read_bytes() if (path / "a").exists() else None
        for _, path in crashes(before, operations, tmp_path / "left")
    }
    assert left == {None, b""}
    assert not has_state(folder)
