"""A sweep that is killed at random instants and continued trains nothing twice."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.command import PROGRAM
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.main import run
from zoo_core.runtime.sweeps import sweep as sweeps
from zoo_core.sweeps.folder import SWEEP, is_sweep
from zoo_core.sweeps.run_states import list_sweep_runs

SEEDS = "0-2"
LONGEST_WAIT = 8.0
"""The most seconds from the start of a sweep to its kill; the process needs three to begin."""
SWEEP_OF_HELLO = ("rnn-cell.hello", "--seeds", SEEDS, "--threads", "1")
SETTINGS = ("--trainer.epochs", "500", "--trainer.save-every", "0.2")
WEIGHTS, CURRENT = "model.safetensors", "state/CURRENT"


def _start(folder: Path) -> subprocess.Popen[bytes]:
    arguments = [
        *("sweep", *SWEEP_OF_HELLO, *SETTINGS, "--jobs", "2", "--out", str(folder)),
    ]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _kill(process: subprocess.Popen[bytes], *, workers: bool) -> list[psutil.Process]:
    """Kills a sweep, with its workers or alone; returns the workers."""
    children = psutil.Process(process.pid).children() if process.poll() is None else []
    process.kill()
    if workers:
        for child in children:
            child.kill()
    process.communicate()
    return children


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
        process = _start(folder)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, LONGEST_WAIT))
        workers = _kill(process, workers=kill % 2 == 1)
        if kill == kills - 1:  # the last ones still save while the next sweep begins
            break
        psutil.wait_procs(workers, timeout=120)
        now, steps_now = _finished(folder), _steps(folder)
        assert finished.items() <= now.items()
        assert all(steps_now[name] >= count for name, count in steps.items())
        finished, steps = now, steps_now
    process = _start(folder)
    _, stderr = process.communicate(timeout=600)
    assert process.returncode == 0, stderr.decode()
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
