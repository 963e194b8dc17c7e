"""Sweeps: runs that fail, processes that are killed, folders that are in use or damaged."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met, Start
from tests.faults.fault import case, fault
from tests.faults.test_disk_faults import wait_for_steps
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.run_folder.manifest import SWEEP
from zoo_core.runtime.sweeps import sweep as sweeps
from zoo_core.runtime.sweeps.local_engine import LocalEngine
from zoo_core.storage import file_systems
from zoo_core.sweeps.folder import lock_sweep_folder
from zoo_core.sweeps.run_states import list_sweep_runs

TINY = ("sweep", "rnn-cell.hello", "--trainer.epochs", 2, "--threads", 1)
ENDLESS = ("--trainer.epochs", 100_000, "--trainer.save-every", 0.2)
LONG = ("sweep", "rnn-cell.hello", *ENDLESS, "--seeds", "0-2", "--jobs", 2)
REGISTRY = """schema = 1

[plugins.zoo-owl]
distribution = "zoo-plugin-owl"
engines = ["owls"]
"""
SAVED = "the last saved state of every run that had begun; the same command continues"


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains in this process what a test does not start in one of its own."""
    monkeypatch.setattr(sweeps, "LocalEngine", lambda processes: InProcessEngine())


@fault(
    70,
    "a run of a sweep diverges",
    says="seed=… failed: epoch …, step …: loss …, gradient norm …",
    code=1,
    left="the other runs, complete; the last good state of this one, which is not tried again",
)
def test_a_run_that_diverges_does_not_stop_the_others(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    wild = ("--trainer.optimizer", "SGD", "--trainer.clip-norm", "none", "--trainer.epochs", 3)
    rates = ("--trainer.learning-rate", "1e38,0.1", "--out", tmp_path / "s")
    args = ("sweep", "rnn-cell.hello", "--threads", 1, *wild, *rates)
    met(zoo(*args))
    met(zoo(*args))
    assert [run.state for run in list_sweep_runs(tmp_path / "s")] == ["failed", "finished"]


@fault(
    71,
    "two sweeps into one folder",
    says="Error: … is in use by process … on …; wait for it, or choose another folder",
    code=6,
    left="the first sweep, undisturbed",
)
def test_a_second_sweep_into_one_folder_is_refused(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    assert zoo(*TINY, "--out", tmp_path / "s").code == 0
    before = (tmp_path / "s" / SWEEP).read_bytes()
    with lock_sweep_folder(tmp_path / "s"):
        met(zoo(*TINY, "--seeds", "0-5", "--out", tmp_path / "s"))
    assert (tmp_path / "s" / SWEEP).read_bytes() == before


@fault(
    72,
    "the folder of a sweep holds other files",
    says="Error: … holds files that are not of a sweep; choose a new or empty folder",
    code=6,
    left="the files, and nothing else",
)
def test_a_folder_of_other_files_is_no_sweep(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "notes.txt").write_text("mine")
    met(zoo(*TINY, "--out", tmp_path / "s"))
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["notes.txt"]


@fault(
    73,
    "sweep.toml is damaged",
    says="Error: …sweep.toml: not valid TOML: …",
    code=4,
    left="the folder as it was",
)
def test_a_damaged_sweep_is_named(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / SWEEP).write_text("format = ")
    met(zoo(*TINY, "--out", tmp_path / "s"))
    met(zoo("runs", "--sweep", tmp_path / "s"))
    assert (tmp_path / "s" / SWEEP).read_text() == "format = "


@fault(
    74,
    "the folder of a run in a sweep holds another run",
    says="seed=0 failed: … holds another run: trainer.epochs = 2 (was 9); move the folder away",
    code=1,
    left="that run as it was",
)
def test_another_run_in_the_place_of_a_run_is_kept(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "s" / "seed=0"
    other = ("train", "rnn-cell.hello", "--trainer.epochs", 9, "--out", out)
    assert zoo(*other).code == 0
    (out / "config.json").unlink()
    out.rename(tmp_path / "other")
    (tmp_path / "s").rmdir()
    assert zoo(*TINY, "--print-jobs", "--out", tmp_path / "s").code == 0
    (tmp_path / "other").rename(out)
    met(zoo(*TINY, "--out", tmp_path / "s"))
    assert (out / "model.safetensors").exists()


@fault(
    77,
    "the plugin of an engine is not installed",
    says="Error: the engine owls comes with zoo-plugin-owl: zoo plugins install zoo-plugin-owl",
    code=7,
    left="nothing",
)
def test_an_engine_without_its_plugin_is_named(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "registry.toml").write_text(REGISTRY)
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    met(zoo(*TINY, "--engine", "owls", "--out", tmp_path / "s"))
    assert not (tmp_path / "s").exists()


@fault(
    78,
    "the data of a sweep are not there",
    says="Error: …none.txt…",
    code=6,
    left="nothing; not one of the runs was begun",
)
def test_data_that_are_not_there_stop_a_sweep_at_once(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    data = ("--dataset", "text", "--dataset.path", tmp_path / "none.txt", "--seeds", "0-99")
    met(zoo("sweep", "rnn-embed", *data, "--out", tmp_path / "s"))
    assert not (tmp_path / "s").exists()


@fault(
    79,
    "a folder whose locks other machines do not see",
    says="Error: … is on nfs4, mounted with nolock: two machines could write to it at once; choose "
    "a folder on a local disk",
    code=6,
    left="nothing",
)
def test_a_folder_without_shared_locks_is_refused(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"36 35 0:50 / {tmp_path} rw - nfs4 server:/home rw,nolock\n"
    (tmp_path / "mountinfo").write_text(line)
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "mountinfo")
    met(zoo(*TINY, "--out", tmp_path / "s"))
    met(zoo("train", "rnn-cell.hello", "--out", tmp_path / "run"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mountinfo"]


def in_processes() -> None:
    """Trains in processes, in a forked command that has the engine of the test."""
    vars(sweeps)["LocalEngine"] = LocalEngine


def _wait_for_steps(folder: Path) -> None:
    """Waits until the first two runs of a sweep have saved a step."""
    for seed in (0, 1):
        wait_for_steps(folder / f"seed={seed}", seconds=300)


@pytest.mark.gate
@pytest.mark.parametrize(
    "number",
    [
        case(
            (75, "Ctrl+C during a sweep", "saved; to continue: zoo sweep …", 130, SAVED),
            signal.SIGINT,
        ),
        case(
            (75, "SIGTERM during a sweep", "saved; to continue: zoo sweep …", 143, SAVED),
            signal.SIGTERM,
        ),
        case(
            (75, "SIGHUP during a sweep", "saved; to continue: zoo sweep …", 129, SAVED),
            signal.SIGHUP,
            is_slow=True,  # it is handled as SIGTERM, and a single run has both in plain tests
        ),
    ],
)
def test_a_signal_saves_every_run_of_a_sweep(
    start: Start, met: Met, tmp_path: Path, number: signal.Signals
) -> None:
    child = start(*LONG, "--out", tmp_path / "s", before=in_processes)
    _wait_for_steps(tmp_path / "s")
    child.send(number)
    met(child.wait(300))
    first, second, third = list_sweep_runs(tmp_path / "s")
    assert [run.state for run in (first, second, third)] == [
        "interrupted",
        "interrupted",
        "missing",
    ]
    assert min(first.epochs, second.epochs) > 0


@pytest.mark.gate
@fault(
    76,
    "kill -9 of a run of a sweep, as by the system when memory runs out",
    says="seed=0 failed: its process was ended by SIGKILL, perhaps because memory ran out",
    code=1,
    left="its last saved state; the same command continues it",
)
def test_a_killed_run_is_named_and_the_others_go_on(
    zoo: Zoo, start: Start, met: Met, tmp_path: Path
) -> None:
    often = ("--trainer.epochs", 500, "--trainer.save-every", 0.1)
    args = ("sweep", "rnn-cell.hello", *often, "--seeds", "0-1", "--threads", 1)
    child = start(*args, "--out", tmp_path / "s", before=in_processes)
    wait_for_steps(tmp_path / "s" / "seed=0", seconds=300)
    (worker,) = psutil.Process(child.pid).children()
    worker.kill()
    met(child.wait(600))
    assert [run.state for run in list_sweep_runs(tmp_path / "s")] == ["failed", "finished"]
    assert zoo(*args, "--out", tmp_path / "s").code == 0
    assert [run.state for run in list_sweep_runs(tmp_path / "s")] == ["finished", "finished"]
