"""``zoo data check``."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import Zoo


def test_a_dataset_is_counted(zoo: Zoo) -> None:
    result = zoo("data", "check", "--dataset", "requests", "--strict")
    assert result.code == 0
    assert result.stdout.startswith("requests: tokens, 32 symbols; one of 4 labels per sequence\n")
    assert "complaint  128" in result.stdout
    assert result.stdout.endswith("nothing suspicious\n")
    answer = zoo("data", "check", "--dataset", "requests", "--json").json
    assert answer["splits"]["train"]["rows"] == 512
    assert answer["suspicions"] == []


def test_suspicions_are_exit_6_with_strict_alone(zoo: Zoo, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("abcdefgh" * 1000)
    path = ["--dataset.path", text, "--dataset.steps", 16]
    arguments = ["data", "check", "--dataset", "text", *path]
    result = zoo(*arguments)
    assert result.code == 0
    assert "suspicious: " in result.stdout
    assert "of validation are in train too\n" in result.stdout
    strict = zoo(*arguments, "--strict", "--json")
    assert strict.code == 6
    assert strict.json["suspicions"]
    assert "are in train too" in strict.stderr


def test_wrong_input_is_one_line(zoo: Zoo, tmp_path: Path) -> None:
    assert zoo("data", "check").code == 2
    unknown = zoo("data", "check", "--dataset", "helo")
    assert (unknown.code, unknown.stderr) == (3, "Error: no dataset 'helo'; did you mean hello?\n")
    missing = zoo("data", "check", "--dataset", "text", "--dataset.path", tmp_path / "no.txt")
    assert missing.code == 6
    assert len(missing.stderr.splitlines()) == 1
