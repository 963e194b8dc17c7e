"""Every command that a message proposes works as it is printed."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import Result, Zoo
from zoo_cli.terminal.signals import GracefulInterrupt
from zoo_core.escaping import shell_command, shell_word
from zoo_core.references import shown

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
FOLDERS = ["x  y", "-rf", "~nobody", "a'b", "$HOME", "new\nline", "tab\tend", "\udcff", "esc\x1b]"]
SMALL = ["--model.hidden-size", 4, "--trainer.epochs", 1]


def words_of(command: str) -> list[str]:
    """Returns the words of a command as bash reads them."""
    done = subprocess.run(
        ["bash", "-c", f'printf "%s\\0" {command}'], capture_output=True, check=True
    )
    return [word.decode("utf-8", "surrogateescape") for word in done.stdout.split(b"\0")[:-1]]


def hints(result: Result) -> list[list[str]]:
    """Returns the arguments of every command that a result proposes."""
    text = result.stderr + result.stdout
    return [words_of(command)[1:] for command in re.findall(r": (zoo [^;\n]*)", text)]


@needs_bash
@pytest.mark.parametrize("word", [*FOLDERS, "", "plain", "汉字\u3000x", "back\\slash\n"])
def test_a_shell_reads_a_word_as_it_is(word: str) -> None:
    assert words_of(shell_word(word)) == [word]
    assert words_of(shell_command("zoo", word)) == ["zoo", word]
    assert "\n" not in shell_word(word)


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("run", "./run"),
        ("a/b", "a/b"),
        ("/a  b", "'/a  b'"),
        ("-a/b", "./-a/b"),
        ("~a/b", "'./~a/b'"),
        ("hub:a/b", "./hub:a/b"),
        ("dir:a/b", "./dir:a/b"),
    ],
)
def test_a_folder_is_shown_so_that_it_means_the_folder(path: str, argument: str) -> None:
    assert shown(Path(path)) == argument


@needs_bash
@pytest.mark.parametrize("word", ["--", "-", "-x", "--help", "a b", "'", "汉\n字", "x" * 300])
def test_the_hint_after_a_training_works(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    data = [f"--dataset.word={word}", f"--dataset.answer={word}"]
    trained = zoo("train", "lstm-embed", *SMALL, *data, "--out", "x  y")
    (hint,) = hints(trained)
    assert zoo(*hint).code == 0


@needs_bash
@pytest.mark.parametrize("text", ["-x --y\n", "  lead", "it's \x1b[2J\n", "汉字"])
def test_the_hint_after_a_training_on_text_works(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(text * 60)
    data = ["--dataset", "text", "--dataset.path", "text.txt", "--dataset.steps", 8]
    batches = ["--trainer.batch-size", 2, "--out", "-out"]
    trained = zoo("train", "gru-embed", *SMALL, *data, *batches)
    assert trained.code == 0, trained
    (hint,) = hints(trained)
    assert zoo(*hint, "--length", 2).code == 0


@needs_bash
def test_the_hints_of_an_interrupted_and_of_a_finished_run_work(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(GracefulInterrupt, "enable", lambda self: setattr(self, "signal", 2))
        interrupted = zoo("train", "lstm-embed", *SMALL, "--out", "x  y")
    assert interrupted.code == 128 + signal.SIGINT
    (resume,) = hints(interrupted)
    Path("x  y/config.json").unlink()
    (again,) = hints(zoo("verify", "./x  y"))
    assert again == resume == ["resume", "./x  y"]
    assert zoo(*resume).code == 0
    (further,) = hints(zoo(*resume))
    assert further == ["resume", "./x  y", "--epochs", "2"]
    assert zoo(*further).code == 0
