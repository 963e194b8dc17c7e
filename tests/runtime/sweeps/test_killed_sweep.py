"""A sweep that is killed at random instants and continued trains nothing twice."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.faults.child import Child
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.main import run
from zoo_core.run_folder.manifest import SWEEP
from zoo_core.runtime.sweeps import sweep as sweeps
from zoo_core.sweeps.folder import is_sweep
from zoo_core.sweeps.run_states import list_sweep_runs

SEEDS = "0-2"
LONGEST_WAIT = 5.0
"""The most seconds from the start of a sweep to its kill; its processes need two to begin."""
SWEEP_OF_HELLO = ("rnn-cell.hello", "--seeds", SEEDS, "--threads", "1")
SETTINGS = ("--trainer.epochs", "500", "--trainer.save-every", "0.2")
WEIGHTS, CURRENT = "model.safetensors", "state/CURRENT"


def _start(folder: Path, output: Path) -> Child:
    arguments = (*("sweep", *SWEEP_OF_HELLO, *SETTINGS), "--jobs", "2", "--out", folder)
    return Child(output, arguments, lambda: None)


def _kill(child: Child, *, workers: bool) -> list[psutil.Process]:
    """Kills a sweep, with its workers or alone; returns the workers."""
    processes = psutil.Process(child.pid).children()  # none if it has ended
    child.send(signal.SIGKILL)
    if workers:
        for process in processes:
            process.kill()
    child.wait()
    return processes


def _finished(folder: Path) -> dict[str, tuple[int, int]]:
    """Returns the inode and time of the manifest of each finished run."""
    if not is_sweep(folder):
        return {}
    statuses = {
        each.name: (each.path / "config.json").stat()
        for each in list_sweep_runs(folder)
        if each.state == "finished"
    }
    return {name: (status.st_ino, status.st_mtime_ns) for name, status in statuses.items()}


def _steps(folder: Path) -> dict[str, int]:
    """Returns the optimizer steps of the saved state of each run."""
    return {
        path.parent.parent.name: int(path.read_text()) for path in folder.glob(f"seed=*/{CURRENT}")
    }


@pytest.mark.skipif(sys.platform == "win32", reason="this platform cannot fork")
@pytest.mark.parametrize(
    "kills", [pytest.param(3, marks=pytest.mark.gate), pytest.param(12, marks=pytest.mark.slow)]
)
def test_a_sweep_killed_at_random_instants_trains_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kills: int
) -> None:
    draw = random.Random(0)
    folder = tmp_path / "killed"
    finished: dict[str, tuple[int, int]] = {}
    steps: dict[str, int] = {}
    for kill in range(kills):
        child = _start(folder, tmp_path / f"output-{kill}")
        time.sleep(draw.uniform(0, LONGEST_WAIT))
        workers = _kill(child, workers=kill % 2 == 1)
        if kill == kills - 1:  # the last ones still save while the next sweep begins
            break
        psutil.wait_procs(workers, timeout=120)
        now, steps_now = _finished(folder), _steps(folder)
        assert finished.items() <= now.items()
        assert all(steps_now[name] >= count for name, count in steps.items())
        finished, steps = now, steps_now
    result = _start(folder, tmp_path / "output").wait(600)
    assert result.code == 0, result.stderr
    end = _finished(folder)
    assert finished.items() <= end.items()
    assert sorted(end) == ["seed=0", "seed=1", "seed=2"]
    assert len(list(folder.rglob(WEIGHTS))) == len(end)
    assert {path.name for path in folder.iterdir()} <= {*end, SWEEP, "sweep.lock"}
    whole = tmp_path / "whole"
    monkeypatch.setattr(sweeps, "LocalEngine", lambda processes: InProcessEngine())
    assert run(["sweep", *SWEEP_OF_HELLO, *SETTINGS, "--out", str(whole)]) == 0
    for name in end:
        for file in (WEIGHTS, "config.json", "history.jsonl"):
            assert (folder / name / file).read_bytes() == (whole / name / file).read_bytes()
