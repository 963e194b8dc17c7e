"""``zoo export``: what is refused before anything is traced."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo


def test_an_unknown_format_is_not_found(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    result = zoo("export", hello, "--format", "toch", "--to", tmp_path / "out")
    assert (result.code, result.stderr) == (3, "Error: no format 'toch'; did you mean torch?\n")


def test_a_format_that_is_not_given_is_told_the_formats(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    result = zoo("export", hello, "--to", tmp_path / "out")
    assert result.code == 2
    assert "Error: Missing option '--format'. Choose from: onnx, torch, web\n" in result.stderr


def test_an_option_of_another_format_is_refused(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    result = zoo("export", hello, "--format", "torch", "--int8", "--to", tmp_path / "out")
    assert result.code == 6
    assert result.stderr == "Error: --int8 does not go with --format torch\n"
    assert not (tmp_path / "out").exists()


def test_a_known_format_that_is_not_installed_names_the_command(
    zoo: Zoo, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-cli,zoo-lstm,zoo-text,zoo-train")
    result = zoo("export", hello, "--format", "onnx", "--to", tmp_path / "out")
    assert result.code == 7
    assert result.stderr.startswith("Error: the format onnx comes with zoo-onnx: ")


def test_a_folder_that_is_there_is_left_alone(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine").write_text("mine", "utf-8")
    result = zoo("export", hello, "--format", "torch", "--to", target)
    assert result.code == 6
    assert [path.name for path in target.iterdir()] == ["mine"]


def test_a_checkpoint_must_exist(zoo: Zoo, tmp_path: Path) -> None:
    result = zoo("export", "lstm-embed.helo", "--format", "torch", "--to", tmp_path / "out")
    assert result.code == 3
