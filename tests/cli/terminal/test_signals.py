"""Signals and kills, with real processes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Zoo

SAME = ("model.safetensors", "history.jsonl", "config.json")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def long_run(text_file: Path) -> list[object]:
    """The arguments of a run of some seconds, with dropout, schedule and carried state."""
    text_file.write_text(text_file.read_text() * 8)
    return [
        *("train", "lstm-embed", "--dataset", "text", "--dataset.path", text_file),
        *("--dataset.steps", 16, "--trainer.batch-size", 4, "--trainer.epochs", 3),
        *("--model.hidden-size", 24, "--model.num-layers", 2, "--model.dropout", 0.3),
        *("--trainer.schedule", "OneCycleLR", "--threads", 1, "--trainer.save-every", 0.2),
    ]


def wait_for_state(folder: Path, process: subprocess.Popen[str]) -> None:
    """Waits until some steps have been saved."""
    current = folder / "state" / "CURRENT"
    while process.poll() is None:
        if current.is_file() and current.read_text().strip() not in ("", "0"):
            return
    raise AssertionError(process.communicate())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_saves_says_how_to_go_on_and_resume_is_exact(
    zoo: Zoo,
    zoo_process: Start,
    long_run: list[object],
    tmp_path: Path,
    number: int,
    code: int,
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    process = zoo_process(*long_run, "--out", stopped)
    wait_for_state(stopped, process)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"zoo resume {stopped}" in stderr
    assert zoo("predict", stopped, "the").code == 0
    assert zoo("resume", stopped).code == 0
    assert zoo(*long_run, "--out", whole).code == 0
    assert all((whole / name).read_bytes() == (stopped / name).read_bytes() for name in SAME)


def test_resume_after_kills_is_exact(
    zoo: Zoo, zoo_process: Start, long_run: list[object], tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = zoo_process(*long_run, "--out", killed)
    for again in range(3):
        wait_for_state(killed, process)
        process.kill()
        process.communicate()
        assert not (killed / "config.json").exists()
        if again < 2:
            process = zoo_process("resume", killed)
    assert "unfinished" in zoo("predict", killed, "the").stderr
    assert zoo("resume", killed).code == 0
    assert zoo(*long_run, "--out", whole).code == 0
    assert all((whole / name).read_bytes() == (killed / name).read_bytes() for name in SAME)


def test_a_second_signal_leaves_at_once_with_the_last_state_whole(
    zoo: Zoo, zoo_process: Start, long_run: list[object], tmp_path: Path
) -> None:
    folder = tmp_path / "left"
    process = zoo_process(*long_run, "--trainer.save-every", 0, "--out", folder)
    wait_for_state(folder, process)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert zoo("predict", folder, "the").code == 0
    assert zoo("resume", folder).code == 0


def test_a_finished_run_tells_a_command_that_goes_on_from_it(
    zoo: Zoo, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hello.parent)
    command = zoo("resume", hello.name).stderr.strip().partition("to train it further: zoo ")[2]
    assert command == "train lstm-embed.hello --from ./hello"
    assert zoo(*command.split(), "--out", "again", "--trainer.epochs", 1).code == 0


def test_a_finished_run_refuses_to_resume(zoo: Zoo, hello: Path) -> None:
    before = (hello / "config.json").read_bytes()
    result = zoo("resume", hello)
    assert result.code == 6
    assert "--from" in result.stderr
    assert (hello / "config.json").read_bytes() == before
