"""``zoo list``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo

NINE = {f"{cell}-{kind}" for cell in ("lstm", "gru") for kind in ("manual", "embed", "stacked")}
NINE |= {"rnn-cell", "rnn-stacked", "rnn-embed"}
KEYS = {"name", "summary", "plugin", "version", "tags"}


def test_models_are_the_default(zoo: Zoo) -> None:
    assert {row["name"] for row in zoo("list", "--json").json} >= NINE


@pytest.mark.parametrize("kind", ["models", "datasets", "trainers", "recipes"])
def test_json_rows_have_the_promised_keys(zoo: Zoo, kind: str) -> None:
    rows = zoo("list", kind, "--json").json
    assert rows
    assert all(row.keys() >= KEYS for row in rows)


def test_an_empty_registry_prints_an_empty_array(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "registry.toml").write_text("schema = 1\n")
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    assert zoo("list", "checkpoints", "--json").json == []


@pytest.mark.parametrize("kind", ["models", "checkpoints"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read {}: No such file or directory"),
        ("[", "{}: not a readable registry: "),
    ],
)
def test_a_registry_that_is_named_must_be_one_even_if_it_is_not_needed(
    zoo: Zoo, tmp_path: Path, kind: str, content: str | None, message: str
) -> None:
    registry = tmp_path / "mine.toml"
    if content is not None:
        registry.write_text(content)
    result = zoo("list", kind, "--registry", registry)
    assert (result.code, result.stdout) == (6, "")
    assert result.stderr.startswith(f"Error: {message.format(registry)}")


def test_a_registry_that_a_variable_names_must_exist_even_if_it_is_not_needed(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tmp_path / "mine.toml"
    monkeypatch.setenv("ZOO_REGISTRY", str(registry))
    result = zoo("list")
    assert (result.code, result.stdout) == (6, "")
    message = f"ZOO_REGISTRY: cannot read {registry}: No such file or directory"
    assert result.stderr == f"Error: {message}\n"
    assert zoo("list", "--help").code == 0
    (tmp_path / "other.toml").write_text("schema = 1\n")
    assert zoo("list", "--registry", tmp_path / "other.toml").code == 0
    assert zoo("--registry", tmp_path / "other.toml", "list").code == 0
    monkeypatch.setenv("ZOO_REGISTRY", "")
    assert zoo("list").code == 0


def test_patterns_have_the_wildcards_of_a_shell(zoo: Zoo) -> None:
    names = [row["name"] for row in zoo("list", "models", "lstm*", "--json").json]
    assert names == ["lstm-embed", "lstm-manual", "lstm-scratch", "lstm-stacked"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zzz*"], "nothing matches 'zzz*'"),
        (["datasets", "zzz"], "no dataset matches 'zzz'"),
        (["--tag", "zzz"], "no model has the tag 'zzz'"),
    ],
)
def test_a_list_without_a_match_says_so(zoo: Zoo, arguments: list[str], message: str) -> None:
    result = zoo("list", *arguments)
    assert (result.code, result.stdout, result.stderr) == (0, "", f"{message}\n")
    assert zoo("list", *arguments, "--json").json == []


def test_a_pattern_alone_searches_every_kind(zoo: Zoo) -> None:
    rows = zoo("list", "*hello", "--json").json
    assert {row["kind"] for row in rows} == {"dataset", "recipe", "checkpoint"}
    assert ("hello", "dataset") in {(row["name"], row["kind"]) for row in rows}
    kinds = {row["kind"] for row in zoo("list", "lstm-embed*", "--json").json}
    assert kinds == {"model", "recipe", "checkpoint"}
    assert [row["name"] for row in zoo("list", "next-*", "--json").json] == ["next-token"]
    assert zoo("list", "next-*").stdout.split()[:2] == ["next-token", "trainer"]


def test_a_word_that_is_no_kind_names_the_pattern(zoo: Zoo) -> None:
    result = zoo("list", "lstm")
    assert (result.code, "such as 'lstm*'" in result.stderr) == (2, True)


def test_tags_select(zoo: Zoo) -> None:
    names = {row["name"] for row in zoo("list", "--tag", "embedding", "--json").json}
    assert names == {"rnn-embed", "lstm-embed", "gru-embed"}


def test_only_the_plugins_named_by_the_environment_load(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru,zoo_lstm,unheard-of")
    result = zoo("list", "--json")
    assert {row["plugin"] for row in result.json} == {"zoo-gru"}
    first, second = result.stderr.splitlines()
    assert first == "ZOO_PLUGINS names unheard-of, which is not installed"
    assert "names zoo_lstm, which is not installed; did you mean zoo-" in second
