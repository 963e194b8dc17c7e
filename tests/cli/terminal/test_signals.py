"""Signals and kills, sent to a command in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.cli.conftest import TEXT
from tests.faults.child import Child
from zoo_cli.main import run
from zoo_cli.terminal.signals import GracefulInterrupt, StopOnSignals, handle_signals
from zoo_core.errors import Interrupted

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork"),
    pytest.mark.xdist_group("signals"),  # all tests share one uninterrupted run
]
SAME_FILES = ("model.safetensors", "history.jsonl", "config.json")
Start = Callable[..., Child]


@pytest.fixture(scope="module")
def train_arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The arguments of a run with dropout, a schedule, carried state and about 200 steps."""
    text = tmp_path_factory.mktemp("signals") / "fox.txt"
    text.write_text(TEXT)
    arguments = [
        *("train", "lstm-embed", "--dataset", "text", "--dataset.path", text),
        *("--dataset.steps", 16, "--trainer.batch-size", 4, "--trainer.epochs", 6),
        *("--model.hidden-size", 24, "--model.num-layers", 2, "--model.dropout", 0.3),
        *("--trainer.schedule", "OneCycleLR", "--threads", 1, "--trainer.save-every", 0.02),
    ]
    return [str(argument) for argument in arguments]


@pytest.fixture(scope="module")
def uninterrupted(train_arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of that run without an interruption."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert run([*train_arguments, "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """``start("train", ...)``: the command in a forked process."""

    def fork(*arguments: object) -> Child:
        return Child(tmp_path / f"output-{time.monotonic_ns()}", arguments, lambda: None)

    return fork


def wait_for_new_state(folder: Path, known: str = "0") -> str:
    """Waits until another state than the known one has been saved; returns its name."""
    current = folder / "state" / "CURRENT"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        name = current.read_text().strip() if current.is_file() else ""
        if name not in ("", "0", known):
            return name
        time.sleep(0.001)
    raise AssertionError(f"no new state in {folder}")


def assert_same_result(folder: Path, other: Path) -> None:
    """Weights, history and manifest of two runs are the same, byte for byte."""
    for name in SAME_FILES:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def test_a_run_that_a_signal_stopped_resumes_exactly(
    zoo: Zoo, start: Start, train_arguments: list[str], uninterrupted: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stopped"
    child = start(*train_arguments, "--out", folder)
    wait_for_new_state(folder)
    child.send(signal.SIGINT)
    assert f"zoo resume {folder}" in child.wait().stderr
    assert zoo("resume", folder).code == 0
    assert_same_result(folder, uninterrupted)


def test_resume_after_kills_is_exact(
    zoo: Zoo, start: Start, train_arguments: list[str], uninterrupted: Path, tmp_path: Path
) -> None:
    folder, state = tmp_path / "killed", "0"
    for arguments in ([*train_arguments, "--out", folder], ["resume", folder], ["resume", folder]):
        child = start(*arguments)
        state = wait_for_new_state(folder, state)
        child.send(signal.SIGKILL)
        assert child.wait().code == -signal.SIGKILL
        assert not (folder / "config.json").exists()
    assert "unfinished" in zoo("predict", folder, "the").stderr
    assert zoo("resume", folder).code == 0
    assert_same_result(folder, uninterrupted)


@pytest.mark.parametrize("arguments", [("train", "lstm-embed.hello"), ("resume", "{hello}")])
def test_a_signal_before_the_run_is_no_error_whatever_a_library_raises_in_its_place(
    zoo: Zoo,
    hello: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, str],
) -> None:
    def make_run(*_: object, **__: object) -> None:
        # as torch does where it asks an object for its length
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError("could not determine the shape")

    monkeypatch.setattr("zoo_core.runtime.run.Run.__init__", make_run)
    command, subject = arguments
    out = ("--out", tmp_path / "run") if command == "train" else ("--epochs", 200)
    result = zoo(command, subject.format(hello=hello), *out)
    assert (result.code, result.stderr) == (128 + signal.SIGTERM, "")


def test_a_command_under_nohup_does_not_stop_with_its_terminal() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with handle_signals(lambda number, frame: received.append(number)):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert received == []


def test_a_finished_run_names_the_command_that_continues_from_it(
    zoo: Zoo, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hello.parent)
    _, _, command = zoo("resume", hello.name).stderr.strip().rpartition(": zoo ")
    assert command == "resume ./hello --epochs 200"
    assert zoo(*command.split()).code == 0


def test_a_finished_run_cannot_be_resumed(zoo: Zoo, hello: Path) -> None:
    before = (hello / "config.json").read_bytes()
    result = zoo("resume", hello)
    assert result.code == 6
    assert "--epochs" in result.stderr
    assert (hello / "config.json").read_bytes() == before


def test_a_signal_whose_error_was_lost_ends_the_command_before_it_trains() -> None:
    with StopOnSignals(), GracefulInterrupt() as interrupt:
        with contextlib.suppress(BaseException):  # as an import that tries something
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted) as error:
            interrupt.enable()
    assert error.value.signal == signal.SIGTERM


def test_a_signal_that_comes_later_is_recorded() -> None:
    with StopOnSignals(), GracefulInterrupt(announces=False) as interrupt:
        interrupt.enable()
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.signal == signal.SIGTERM
