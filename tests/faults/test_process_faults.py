"""One run on several processes: kills, signals, a process that is silent or differs, too many."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Result, Zoo
from tests.faults.child import Child
from tests.faults.conftest import Met, Start
from tests.faults.fault import case, fault
from tests.runtime.distributed.gang import environments
from tests.runtime.runs import contents
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.runtime.checkpoints.resume_states import current_state, has_state

Process = Callable[..., subprocess.Popen[str]]
pytestmark = [pytest.mark.usefixtures("compiler"), pytest.mark.xdist_group("compiler")]
RESTARTED = "a process had died; started again (no. 1) from step …"
WHOLE = "the checkpoint of a run that was never killed, bit for bit"
SAVED = "the last saved state, whole"


def run_of(epochs: int) -> list[object]:
    """The arguments of a run on two processes that saves after every step."""
    settings = ["--model.dropout", 0.2, "--model.num-layers", 2, "--trainer.epochs", epochs]
    return ["train", "lstm-embed", *settings, "--trainer.save-every", 0, "--threads", 1]


def started(start: Start, size: int, *arguments: object, **others: str) -> list[Child]:
    """Returns processes that share a run, started as torch's launcher does."""
    return [
        start(*arguments, before=lambda variables=variables: os.environ.update(variables))
        for variables in environments(size, **others)
    ]


def wait_for_step(folder: Path, step: int) -> None:
    """Waits until a step has been saved."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if has_state(folder) and int(current_state(folder).name) >= step:
            return
        time.sleep(0.01)
    raise AssertionError(f"step {step} was not saved")


def workers(launcher: subprocess.Popen[str]) -> list[int]:
    """Returns the ids of the processes that a launcher has started, in order."""
    path = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def ended(process: subprocess.Popen[str]) -> Result:
    """Waits for the end of a command."""
    output, errors = process.communicate(timeout=300)
    return Result(process.returncode, output, errors)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rank",
    [
        case((170, "kill -9 of the first of several processes", RESTARTED, 0, WHOLE), 0),
        case((170, "kill -9 of another one of several processes", RESTARTED, 0, WHOLE), 1),
    ],
)
def test_a_killed_process_is_started_again(
    zoo_process: Process, met: Met, tmp_path: Path, rank: int
) -> None:
    whole = ended(zoo_process(*run_of(60), "--nproc", 2, "--out", tmp_path / "whole"))
    assert whole.code == 0, whole
    process = zoo_process(*run_of(60), "--nproc", 2, "--out", tmp_path / "run")
    wait_for_step(tmp_path / "run", 20)
    os.kill(workers(process)[rank], signal.SIGKILL)
    met(ended(process))
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")


@pytest.mark.slow
@fault(
    171,
    "Ctrl+C of a run on several processes",
    says="saved; to continue: zoo resume …",
    code=130,
    left="one saved state; zoo resume continues from it, bit for bit",
)
def test_ctrl_c_saves_once(zoo_process: Process, met: Met, tmp_path: Path) -> None:
    whole = ended(zoo_process(*run_of(60), "--nproc", 2, "--out", tmp_path / "whole"))
    assert whole.code == 0, whole
    process = zoo_process(*run_of(60), "--nproc", 2, "--out", tmp_path / "run")
    wait_for_step(tmp_path / "run", 20)
    process.send_signal(signal.SIGINT)
    met(ended(process))
    resumed = ended(zoo_process("resume", tmp_path / "run"))
    assert resumed.code == 0, resumed
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")


@pytest.mark.gate
@fault(
    172,
    "a process that no longer answers, as on a host that has vanished",
    says="Error: another process of the run has ended, or has not answered for 2 s; the last saved "
    "state is intact",
    code=9,
    left=SAVED,
)
def test_a_silent_process_ends_the_run(zoo: Zoo, start: Start, met: Met, tmp_path: Path) -> None:
    out = ["--out", tmp_path / "run"]
    first, other = started(start, 2, *run_of(3000), *out, ZOO_PEER_TIMEOUT="2")
    wait_for_step(tmp_path / "run", 5)
    other.send(signal.SIGSTOP)
    began = time.monotonic()
    met(first.wait())
    assert time.monotonic() - began < 30
    other.send(signal.SIGKILL)
    os.waitpid(other.pid, 0)
    step = int(current_state(tmp_path / "run").name)
    assert not (tmp_path / "run" / MANIFEST).exists()
    resumed = zoo("resume", tmp_path / "run", "--nproc", 1, "--epochs", step + 2)
    assert resumed.code == 0, resumed


@fault(
    173,
    "a process whose data differs",
    says="Error: process 1 on … differs from process 0 on …: the fingerprint of the data is … "
    "(there …); dataset.path = … (there …); make them equal and start again",
    code=6,
    left="nothing; not trained",
)
def test_other_data_is_refused(start: Start, met: Met, tmp_path: Path) -> None:
    children = []
    for rank, variables in enumerate(environments(2)):
        text = tmp_path / f"{rank}.txt"
        text.write_text(f"the text of process {rank}, which differs\n" * 20)
        data = ["--dataset", "text", "--dataset.path", text, "--out", tmp_path / "run"]
        children.append(
            start(
                "train",
                "lstm-embed",
                *data,
                before=lambda variables=variables: os.environ.update(variables),
            )
        )
    first, other = (child.wait() for child in children)
    met(first)
    assert (other.code, other.stderr) == (6, "")
    assert not (tmp_path / "run").exists()


@fault(
    174,
    "more processes than fit into memory",
    says="Error: torch in 99 processes would take 34.6 GB of memory, 8 GB are free; choose a "
    "smaller --nproc",
    code=6,
    left="nothing; not trained",
)
def test_too_many_processes_are_refused(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_core.storage.capacity.free_memory", lambda: 8 * 10**9)
    met(zoo(*run_of(60), "--nproc", 99, "--out", tmp_path / "run"))
    assert not (tmp_path / "run").exists()
