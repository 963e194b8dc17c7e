"""``zoo completion``: every shell gets a script, and the script gets what can be typed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_cli.main import COMPLETION
from zoo_core.storage.locations import runs_folder

SHELLS = ("bash", "zsh", "fish", "powershell")
WORDS = {
    "zoo tra": "train",
    "zoo train lstm-e": "lstm-embed",
    "zoo train lstm-embed.h": "lstm-embed.hello",
    "zoo train lstm-embed --model.hid": "--model.hidden-size",
    "zoo train lstm-embed --dataset te": "text",
    "zoo train lstm-embed --trainer.sch": "--trainer.schedule",
    "zoo sweep lstm-embed --backend lin": "linear-scan",
    "zoo train lstm-embed --backend po": "portable",
    "zoo train lstm-embed --device cu": "cuda",
    "zoo evaluate lstm-embed --split te": "test",
    "zoo list che": "checkpoints",
    "zoo plugins check zoo-ls": "zoo-lstm",
    "zoo completion f": "fish",
}
"""What is typed, and a word that completes it."""


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script_that_asks_the_command(zoo: Zoo, shell: str) -> None:
    result = zoo("completion", shell)
    assert (result.code, result.stderr) == (0, "")
    assert f"{shell}_complete" in result.stdout
    assert COMPLETION in result.stdout


def completed(zoo: Zoo, monkeypatch: pytest.MonkeyPatch, *words: str) -> set[str]:
    """What bash gets to complete the last of some words, with ``dir`` and ``file`` for paths."""
    monkeypatch.setenv(COMPLETION, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    result = zoo()
    assert (result.code, result.stderr) == (0, "")
    lines = [line.split(",") for line in result.stdout.splitlines()]
    return {text if kind == "plain" else kind for kind, text in lines}


@pytest.mark.parametrize(
    "command",
    [
        *("resume", "push", "runs remove", "evaluate", "verify", "train lstm-embed --from"),
        pytest.param("report", marks=pytest.mark.full),
    ],
)
def test_runs_complete_where_a_run_is_expected(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (runs_folder() / "foxes" / "state").mkdir(parents=True)
    assert "foxes" in completed(zoo, monkeypatch, "zoo", *command.split(), "fo")


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_no_run_completes_where_a_recipe_is_expected(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (runs_folder() / "lstm-embed.hello-mine" / "state").mkdir(parents=True)
    words = completed(zoo, monkeypatch, "zoo", command, "lstm-embed.hello")
    assert words == {"lstm-embed.hello"}


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("train lstm-embed --config", "file"),
        ("train lstm-embed --out", "dir"),
        ("resume foxes --dataset.path", "file"),
        ("resume", "dir"),
        ("predict foxes --file", "file"),
        ("list --registry", "file"),
    ],
)
def test_paths_complete_where_a_path_is_expected(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, command: str, kind: str
) -> None:
    assert completed(zoo, monkeypatch, "zoo", *command.split(), "x") == {kind}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("typed", WORDS)
def test_a_shell_gets_the_words_that_can_follow(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, shell: str, typed: str
) -> None:
    monkeypatch.setenv(COMPLETION, f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", typed)
    last = typed.rsplit(maxsplit=1)[-1] if shell == "fish" else str(len(typed.split()) - 1)
    monkeypatch.setenv("COMP_CWORD", last)
    result = zoo()
    assert (result.code, result.stderr) == (0, "")
    words = {
        part for line in result.stdout.splitlines() for part in line.replace("\t", ",").split(",")
    }
    assert WORDS[typed] in words


@pytest.mark.gate
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_itself_completes_a_setting(tmp_path: Path) -> None:
    script = """
        eval "$(zoo completion bash)"
        COMP_WORDS=(zoo train lstm-embed --model.hid) COMP_CWORD=3
        _zoo_completion zoo
        echo "${COMPREPLY[@]}"
    """
    zoo = tmp_path / "zoo"
    zoo.write_text(f'#!/bin/sh\nexec {sys.executable} -m zoo_cli "$@"\n', "utf-8")
    zoo.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "--model.hidden-size\n"
