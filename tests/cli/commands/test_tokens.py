"""Texts of other tokens than characters, from training to use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import Zoo


@pytest.mark.parametrize("tokens", ["byte", "word"])
def test_every_command_works_with_other_tokens(zoo: Zoo, tmp_path: Path, tokens: str) -> None:
    (tmp_path / "text.txt").write_text("The cat sat. A hat! e\u0301 我們 👩\u200d👧\n" * 60)
    options = ["--dataset.path", tmp_path / "text.txt", "--dataset.tokens", tokens]
    options += ["--model.hidden-size", "4", "--trainer.epochs", "1", "--dataset.steps", "16"]
    out = tmp_path / "run"
    trained = zoo("train", "gru-embed", "--dataset", "text", *options, "--out", out)
    assert trained.code == 0, trained.stderr
    generated = zoo("generate", out, "--prompt", "The cat", "--length", "9", "--json")
    assert generated.json["prompt"] == "The cat"
    assert zoo("predict", out, "A hat").code == 0
    (tmp_path / "text.txt").unlink()
    assert zoo("generate", out, "--prompt", "cat", "--length", "3").code == 0


def test_a_size_without_effect_is_one_remark(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("abcdef\n" * 100)
    options = ["--dataset.path", tmp_path / "text.txt", "--dataset.vocabulary-size", "300"]
    options += ["--model.hidden-size", "4", "--trainer.epochs", "1", "--out", tmp_path / "run"]
    trained = zoo("train", "gru-embed", "--dataset", "text", *options)
    remark = "dataset.vocabulary_size = 300 has no effect without tokens word or bpe"
    assert trained.code == 0
    assert trained.stderr.count(remark) == 1


def test_bpe_without_its_plugin_names_the_command_that_installs_it(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru,zoo-text,zoo-train")
    (tmp_path / "text.txt").write_text("abcdef\n" * 100)
    options = ["--dataset.path", tmp_path / "text.txt", "--dataset.tokens", "bpe"]
    trained = zoo("train", "gru-embed", "--dataset", "text", *options, "--out", tmp_path / "run")
    assert trained.code == 7
    assert "tokens 'bpe' need a plugin: bpe comes with zoo-tokenizers: " in trained.stderr
    assert not (tmp_path / "run").exists()


def test_a_text_of_several_paths_keeps_their_base_names(zoo: Zoo, tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(f"{name} abcdef\n" * 50)
    out = tmp_path / "run"
    options = ["--dataset.path", tmp_path / "one.txt", "--dataset.path", tmp_path / "two.txt"]
    options += ["--model.hidden-size", "4", "--trainer.epochs", "1", "--out", out]
    assert zoo("train", "gru-embed", "--dataset", "text", *options).code == 0
    manifest = json.loads((out / "config.json").read_text())
    assert manifest["configs"]["dataset"]["path"] == ["one.txt", "two.txt"]
    assert str(tmp_path) not in (out / "config.json").read_text()
    assert zoo("evaluate", out).code == 0
    assert zoo("resume", out, "--epochs", "2").code == 0
