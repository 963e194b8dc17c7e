"""Training: divergence, signals, changes before a resume, memory, clocks, settings."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.command import Zoo
from tests.faults.child import Child, at, no_more_memory_than
from tests.faults.conftest import Met, Start
from tests.faults.fault import case, fault
from tests.faults.test_data_faults import train_on
from tests.faults.test_disk_faults import wait_for_steps
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.resume_states import current_state, has_state
from zoo_core.runtime.checkpoints.tensors import all_finite

LAST = "the last saved state; it loads, and zoo resume continues from it"


@fault(
    39,
    "the loss becomes NaN",
    says="Error: epoch …, step …: loss …, gradient norm …; the largest gradient is that of …; "
    "try a smaller …; the last good state is in …",
    code=8,
    left="the last good state",
)
def test_divergence_names_step_and_gradient(
    catalog: Catalog, zoo: Zoo, met: Met, tmp_path: Path
) -> None:
    wild = ["--trainer.optimizer", "SGD", "--trainer.learning-rate", 1e38]
    plain = ["--trainer.clip-norm", "none", "--out", tmp_path / "run"]
    met(zoo("train", "rnn-embed", "--model.nonlinearity", "relu", *wild, *plain))
    assert all_finite(read_checkpoint(catalog, tmp_path / "run").weights)


@pytest.mark.parametrize(
    "number",
    [
        case((40, "Ctrl+C", "saved; to continue: zoo resume …", 130, LAST), signal.SIGINT),
        case((40, "SIGTERM", "saved; to continue: zoo resume …", 143, LAST), signal.SIGTERM),
        case((45, "SIGHUP", "saved; to continue: zoo resume …", 129, LAST), signal.SIGHUP),
    ],
)
def test_a_signal_saves(
    zoo: Zoo, start: Start, met: Met, long: list[object], tmp_path: Path, number: int
) -> None:
    child = start(*long)
    wait_for_steps(tmp_path / "run")
    child.send(number)
    met(child.wait())
    assert zoo("predict", tmp_path / "run", "hello").code == 0


@pytest.mark.parametrize(
    "instants", [8, pytest.param(100, marks=pytest.mark.slow)], ids=["few", "hundred"]
)
@fault(40, "Ctrl+C twice, at any instant, data loading included", says="", code=130, left=LAST)
def test_two_signals_at_any_instant_leave_the_last_state(
    catalog: Catalog, start: Start, met: Met, long: list[object], tmp_path: Path, instants: int
) -> None:
    draws = random.Random(instants)
    for number in range(instants):
        folder = tmp_path / str(number)
        child = start(*long[:-1], folder)
        time.sleep(0.02 + draws.uniform(0.0, 0.5))
        child.send(signal.SIGINT)
        time.sleep(draws.uniform(0.0, 0.01))
        child.send(signal.SIGINT)
        met(child.wait())
        if has_state(folder):
            assert all_finite(read_checkpoint(catalog, folder).weights)
        assert not (folder / "config.json").exists() or has_state(folder)


def kill_after_a_step(child: Child, folder: Path) -> None:
    """Kills a run after its first step, so that it has a state to resume from."""
    wait_for_steps(folder)
    child.send(signal.SIGKILL)
    child.wait()


@fault(
    41,
    "resume after the code changed",
    says="Error: zoo-lstm was 0.0.1, is …; --force resumes all the same",
    code=6,
    left="the saved state as it was",
)
def test_resume_refuses_changed_code(zoo: Zoo, start: Start, met: Met, tmp_path: Path) -> None:
    run = tmp_path / "run"
    child = start("train", "lstm-embed", "--out", run, "--trainer.save-every", 0)
    kill_after_a_step(child, run)
    saved = current_state(run) / "values.json"
    values = json.loads(saved.read_bytes())
    values["versions"]["zoo-lstm"] = "0.0.1"
    saved.write_text(json.dumps(values))
    met(zoo("resume", run))
    assert zoo("resume", run, "--force").code == 0


@fault(
    41,
    "resume after the data moved",
    says="Error: the data is out of reach: cannot read …; name the file with --dataset.path",
    code=6,
    left="the saved state as it was",
)
def test_resume_refuses_moved_data_without_its_path(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    text, run = tmp_path / "seen.txt", tmp_path / "run"
    text.write_bytes(b"hello there, old world!\n" * 200)
    assert zoo(*train_on(text, run), "--trainer.epochs", 1).code == 0
    moved = text.rename(tmp_path / "moved.txt")
    met(zoo("resume", run, "--epochs", 2))
    assert zoo("resume", run, "--epochs", 2, "--dataset.path", moved).code == 0


@fault(
    41,
    "resume after the data changed",
    says="Error: the data has changed…",
    code=6,
    left="the saved state as it was",
)
@pytest.mark.parametrize("change", [b"!", b"?"])
def test_resume_refuses_changed_data(
    zoo: Zoo, start: Start, met: Met, tmp_path: Path, change: bytes
) -> None:
    text = tmp_path / "seen.txt"
    text.write_bytes(b"hello there, old world!\n" * 200)
    options = ["--trainer.save-every", 0, "--trainer.epochs", 100_000]
    child = start(*train_on(text, tmp_path / "run"), *options)
    kill_after_a_step(child, tmp_path / "run")
    data = text.read_bytes()
    text.write_bytes(change + data)
    met(zoo("resume", tmp_path / "run"))
    forced = start("resume", tmp_path / "run", "--force")
    if change == b"!":
        time.sleep(0.3)
        forced.send(signal.SIGINT)
    assert forced.wait().code == (130 if change == b"!" else 6)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@fault(
    42,
    "no GPU",
    says="Error: no device 'cuda' here; there is: cpu; try --device cpu",
    code=6,
    left="no run",
)
def test_a_missing_gpu_is_named(zoo: Zoo, met: Met, brief: list[object], tmp_path: Path) -> None:
    met(zoo(*brief, "--device", "cuda"))
    assert not (tmp_path / "run").exists()


@fault(
    42,
    "out of memory",
    says="Error: memory is exhausted, … of it were free; try --trainer.batch-size 2048…",
    code=6,
    left="the last saved state",
)
def test_memory_exhaustion_names_a_smaller_batch(
    catalog: Catalog, start: Start, met: Met, tmp_path: Path
) -> None:
    text = tmp_path / "seen.txt"
    text.write_bytes(b"hello there, old world!\n" * 20_000)
    wide = ["--trainer.batch-size", 4096, "--dataset.steps", 64, "--model.hidden-size", 64]
    options = [*train_on(text, tmp_path / "run"), *wide]
    # A step takes 67 MB for the outputs of its layer alone.
    starved = at("os.rename", "CURRENT", no_more_memory_than(40_000_000))
    met(start(*options, before=starved).wait(120))
    assert all_finite(read_checkpoint(catalog, tmp_path / "run").weights)


@fault(43, "a clock that jumps back", says="", code=0, left="a complete checkpoint")
def test_a_clock_that_jumps_back_changes_nothing(
    zoo: Zoo, met: Met, brief: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zoo(*brief[:-1], tmp_path / "steady").code == 0
    ticks = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))
    monkeypatch.setattr(time, "time_ns", lambda: next(ticks) * 10**9)
    met(zoo(*brief))
    for name in ("model.safetensors", "config.json", "history.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "steady" / name).read_bytes()


def setting(key: str, value: object, says: str = "expected …") -> Any:
    """Returns the case of a setting that is refused."""
    name = f"--{key} {value}"
    return case((44, name, f"Error: --{key} = …: {says}", 6, "no run"), f"--{key}", value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        setting("trainer.epochs", 0),
        setting("trainer.epochs", 10**12),
        setting("trainer.batch-size", -1),
        setting("trainer.learning-rate", 0),
        setting("trainer.learning-rate", "nan"),
        setting("trainer.learning-rate", "inf"),
        setting("trainer.clip-norm", -1),
        setting("model.hidden-size", 0),
        setting("model.num-layers", 10**9),
        setting("model.dropout", 1),
        case(
            (
                44,
                "--trainer regression on labels",
                "Error: regression trains on values, but hello has labels; use --trainer …",
                6,
                "no run",
            ),
            "--trainer",
            "regression",
        ),
        case(
            (
                44,
                "--trainer.class-weights 1,2 for four classes",
                "Error: trainer.class_weights = '1,2': expected 4 numbers above 0, or balanced",
                6,
                "no run",
            ),
            "--trainer.class-weights",
            "1,2",
        ),
        case(
            (
                44,
                "--model.tie-weights true with a narrow embedding",
                "Error: model.tie_weights = true needs an embedding as wide as the outputs: …",
                6,
                "no run",
            ),
            "--model.tie-weights",
            "true",
        ),
        case(
            (
                44,
                "--model.hidden-size 1000000000",
                "Error: lstm-embed would have …; … are free here: choose smaller sizes",
                6,
                "no run",
            ),
            "--model.hidden-size",
            10**9,
        ),
        case(
            (
                44,
                "--model.embedding-size 1000000000",
                "Error: lstm-embed would have … parameters, which take … of memory to train; …",
                6,
                "no run",
            ),
            "--model.embedding-size",
            10**9,
        ),
    ],
)
def test_an_absurd_setting_is_refused(
    start: Start, met: Met, brief: list[object], tmp_path: Path, key: str, value: object
) -> None:
    met(start(*brief, key, value, before=no_more_memory_than(1 << 30)).wait())
    assert not (tmp_path / "run").exists()


@fault(45, "the reader of stdout stops early", says="", code=0, left="nothing")
def test_a_closed_stdout_ends_quietly(start: Start, met: Met) -> None:
    met(start("list", before=lambda: os.dup2(closed_pipe(), 1)).wait())


@fault(45, "the terminal is gone", says="", code=0, left="a complete checkpoint")
def test_a_closed_stderr_does_not_stop_a_run(
    zoo: Zoo, start: Start, met: Met, brief: list[object], tmp_path: Path
) -> None:
    met(start(*brief, before=lambda: os.dup2(closed_pipe(), 2)).wait())
    assert zoo("verify", tmp_path / "run").code == 0


def closed_pipe() -> int:
    """Returns the write end of a pipe whose read end is closed."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer
