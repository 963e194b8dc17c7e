"""``zoo runs``, and what ``zoo runs remove`` asks before a run is gone for good."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo

PINNED = ("hub:owner/foxes", "--revision", "0" * 40)

pty = pytest.importorskip("pty", reason="a terminal to answer at")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A run by the name of kept."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    folder = tmp_path / "runs" / "kept"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_removal_asks_for_confirmation(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, kept: Path, answer: str, code: int
) -> None:
    person, terminal = pty.openpty()
    os.write(person, answer.encode())
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        result = zoo("runs", "remove", "kept")
    os.close(person)
    assert result.code == code
    assert "  - kept (0 B)\n" in result.stderr
    assert ("Error: nothing was changed" in result.stderr) == kept.exists() == (code == 1)


def test_without_a_terminal_nothing_is_removed(zoo: Zoo, kept: Path) -> None:
    result = zoo("runs", "remove", "kept")
    assert result.code == 6
    assert "add --yes" in result.stderr
    assert kept.exists()


@pytest.fixture
def foxes(zoo: Zoo) -> str:
    """The name of a run with other settings than its recipe."""
    train = ["train", "lstm-embed", "--trainer.epochs", 2, "--seed", 4]
    assert zoo(*train, "--name", "foxes").code == 0
    return "foxes"


def test_a_run_is_listed_with_date_and_differences_from_its_recipe(zoo: Zoo, foxes: str) -> None:
    (row,) = zoo("runs", "--json").json
    assert row["name"] == Path(row["path"]).name == foxes
    assert row["differences"] == ["trainer.epochs = 2", "seed = 4"]
    assert row["date"].endswith("Z")
    line = zoo("runs").stdout
    assert row["date"][:10] in line
    assert "trainer.epochs = 2; seed = 4" in line


def test_the_name_of_a_run_is_a_reference_everywhere(
    zoo: Zoo, foxes: str, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hello.parent)
    Path("registry.toml").write_text("schema = 1\n")
    for command in (
        ["predict", foxes, "hello"],
        ["evaluate", foxes],
        ["show", foxes],
        ["show", "--shapes", foxes],
        ["verify", foxes],
        ["diff", foxes, hello.name],  # a bare folder name is one too
        ["show", hello.name],
        ["train", "lstm-embed", "--from", foxes, "--print-config"],
        ["resume", foxes, "--epochs", 3],
        ["push", foxes, "owner/foxes", "--dry-run"],
        ["registry", "add", foxes, *PINNED, "--registry", "registry.toml"],
    ):
        result = zoo(*command)
        assert result.code in ((0, 1) if command[0] == "diff" else (0,)), (command, result)
    assert zoo("runs", "--json").json[0]["differences"] == ["trainer.epochs = 3", "seed = 4"]


def test_a_run_with_out_is_listed_as_long_as_it_exists(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    train = ["train", "lstm-embed", "--trainer.epochs", 1, "--out", folder]
    assert zoo(*train).code == 0
    (row,) = zoo("runs", "--json").json
    assert (row["path"], row["state"]) == (str(folder), "finished")
    assert f"in {folder}" in zoo("runs").stdout
    assert zoo("predict", row["name"], "hello").code == 0
    assert zoo(*train, "--overwrite", "--name", "mine").code == 0
    assert [row["name"] for row in zoo("runs", "--json").json] == ["mine"]
    shutil.rmtree(folder)
    assert zoo("runs", "--json").json == []


def test_a_run_that_cannot_be_listed_is_trained_anyway(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "file"))
    result = zoo("train", "lstm-embed", "--trainer.epochs", 1, "--out", tmp_path / "out")
    assert (result.code, "zoo runs will not list this run" in result.stderr) == (0, True)


def test_runs_are_sorted_by_date_and_metric(zoo: Zoo, hello: Path, isolation: Path) -> None:
    manifest = json.loads((hello / "config.json").read_text())
    for name, loss, accuracy, seconds in (("a", 3.0, 0.9, 1), ("b", 1.0, 0.7, 3), ("c", 2, 0.8, 2)):
        folder = shutil.copytree(hello, isolation / "runs" / name)
        metrics = {"train": {"loss": loss, "accuracy": accuracy}}
        (folder / "config.json").write_text(json.dumps(manifest | {"metrics": metrics}))
        os.utime(folder / "config.json", (seconds, seconds))
    (isolation / "runs" / "d").mkdir()  # damaged

    def names(*arguments: str) -> list[str]:
        return [row["name"] for row in zoo("runs", "--json", *arguments).json]

    assert names() == ["a", "b", "c", "d"]
    assert names("--sort", "date") == ["d", "b", "c", "a"]
    assert names("--sort", "metric") == names("--sort", "loss") == ["b", "c", "a", "d"]
    assert names("--sort", "accuracy") == ["a", "c", "b", "d"]
    result = zoo("runs", "--sort", "acuracy")
    assert (result.code, "did you mean accuracy?" in result.stderr) == (3, True)


def test_runs_are_printed_as_csv(zoo: Zoo, hello: Path, isolation: Path) -> None:
    shutil.copytree(hello, isolation / "runs" / "a")
    (isolation / "runs" / "d").mkdir()  # damaged
    (run, damaged) = csv.DictReader(zoo("runs", "--csv").stdout.splitlines())
    assert (run["name"], run["model"], run["recipe"]) == ("a", "lstm-embed", "lstm-embed.hello")
    assert (run["dataset"], run["seed"], run["state"]) == ("hello", "0", "finished")
    assert (run["parameters"], int(run["tokens"]) > 0) == ("316", True)
    assert float(run["seconds"]) > 0
    assert float(run["tokens_per_second"]) > 0
    manifest = json.loads((hello / "config.json").read_text())
    assert float(run["train.loss"]) == manifest["metrics"]["train"]["loss"]
    assert (damaged["state"], damaged["parameters"], damaged["train.loss"]) == ("damaged", "", "")


def test_csv_and_json_exclude_each_other(zoo: Zoo) -> None:
    result = zoo("runs", "--csv", "--json")
    assert (result.code, "exclude each other" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm-embed", "names a model"),
        ("lstm-embed.hello", "names a recipe"),
        ("a/b", "expected up to 100 letters"),
        ("-x", "expected up to 100 letters"),
        ("..", "expected up to 100 letters"),
    ],
)
def test_a_name_that_means_something_else_is_refused(zoo: Zoo, name: str, message: str) -> None:
    result = zoo("train", "lstm-embed", f"--name={name}")
    assert (result.code, message in result.stderr) == (2, True)


def test_a_name_is_given_once(zoo: Zoo, foxes: str, tmp_path: Path) -> None:
    train = ["train", "lstm-embed", "--trainer.epochs", 1, "--name", foxes]
    for arguments in ([], ["--out", tmp_path / "out"]):
        result = zoo(*train, *arguments)
        assert (result.code, result.stdout) == (6, "")
    assert zoo(*train, "--overwrite").code == 0
    assert not (tmp_path / "out").exists()
