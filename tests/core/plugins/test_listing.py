"""Names of what is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.plugins.listing import list_checkpoints, list_datasets, list_models


def test_models_are_listed_by_name() -> None:
    names = list_models()
    assert {"gru-embed", "lstm-embed", "rnn-embed"} <= set(names)
    assert names == sorted(set(names))


def test_datasets_are_listed_by_name() -> None:
    names = list_datasets()
    assert {"hello", "text"} <= set(names)
    assert names == sorted(set(names))


def test_checkpoints_are_those_of_the_registry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "lstm-embed.hello" in list_checkpoints()
    assert list_checkpoints("lstm-embed.*") == ["lstm-embed.hello", "lstm-embed.python-docs"]
    (tmp_path / "empty.toml").write_text("schema = 1\n")
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "empty.toml"))
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-rnn")
    assert list_checkpoints() == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("lstm-embed", ["lstm-embed"]),
        ("?stm-embed", ["lstm-embed"]),
        ("[gl]*-embed", ["gru-embed", "lstm-embed"]),
        ("LSTM-*", []),
        ("lstm", []),
        ("", []),
    ],
)
def test_a_pattern_has_wildcards_as_in_a_shell(
    monkeypatch: pytest.MonkeyPatch, pattern: str, expected: list[str]
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-rnn,zoo-gru,zoo-lstm")
    assert list_models(pattern) == expected


def test_datasets_are_no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-text")
    assert list_models() == []
    assert "hello" in list_datasets()
