"""``--logger`` of ``zoo train`` and ``zoo resume``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo

REGISTRY = """schema = 1

[plugins.zoo-owl]
distribution = "zoo-plugin-owl"
loggers = ["pellets"]
"""


def test_a_run_is_logged_and_its_resume_too(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["--logger", "csv", "--logger", "jsonl", "--trainer.epochs", 3]
    assert zoo("train", "lstm-embed", *arguments, "--out", folder).code == 0
    assert zoo("resume", folder, "--epochs", 4).code == 0
    rows = (folder / "logs" / "csv" / "steps.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2", "3", "4"]
    assert zoo("resume", folder, "--epochs", 5, "--logger", "none").code == 0
    assert (folder / "logs" / "csv" / "steps.csv").read_text().splitlines() == rows


def test_an_unknown_logger_is_exit_3_with_the_nearest_name(zoo: Zoo, tmp_path: Path) -> None:
    result = zoo("train", "lstm-embed", "--logger", "cvs", "--out", tmp_path / "run")
    assert result.code == 3
    assert result.stderr == "Error: no logger 'cvs'; did you mean csv?\n"
    assert not (tmp_path / "run" / "steps.jsonl").exists()


def test_a_known_logger_that_is_not_installed_is_exit_7(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "registry.toml").write_text(REGISTRY)
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    result = zoo("train", "lstm-embed", "--logger", "pellets", "--out", tmp_path / "run")
    assert result.code == 7
    assert result.stderr == (
        "Error: the logger pellets comes with zoo-plugin-owl: zoo plugins install zoo-plugin-owl\n"
    )


def test_the_plugin_lists_its_loggers(zoo: Zoo) -> None:
    (row,) = [row for row in zoo("plugins", "--json").json if row["name"] == "zoo-train"]
    assert row["contributes"]["logger"] == ["csv", "jsonl"]
