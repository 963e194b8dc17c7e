"""``zoo show``, ``zoo runs``, ``zoo plugins``, ``zoo completion``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_cli.terminal.checkpoint_table import COLUMNS, print_checkpoints
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.describe import describe_checkpoints


def test_a_model_shows_every_setting_with_default_unit_and_meaning(zoo: Zoo) -> None:
    facts = zoo("show", "lstm-embed", "--json").json
    hidden = next(row for row in facts["settings"] if row["key"] == "hidden_size")
    assert list(hidden) == ["key", "default", "unit", "meaning", "wanted"]
    assert hidden["default"] == 4  # of the default recipe
    assert hidden["unit"] == "units"
    assert hidden["meaning"].startswith("Width")
    assert facts["parameters"] == 316
    assert "lstm-embed.hello" in facts["recipes"]


def test_values_are_shown_as_the_user_types_them(zoo: Zoo) -> None:
    assert "[Adam or AdamW or " in zoo("show", "supervised").stdout
    shown = zoo("show", "lstm-embed").stdout
    assert "padding_idx = none" in shown
    assert "sparse = false" in shown
    assert "counted for: lstm-embed.hello" in shown


@pytest.mark.parametrize("model", ["lstm-embed", "gru-embed", "cnn1d"])
def test_show_help_and_run_agree_on_the_defaults(zoo: Zoo, model: str) -> None:
    facts = zoo("show", model, "--json").json
    shown = {row["key"]: row["default"] for row in facts["settings"]}
    printed = tomllib.loads(zoo("train", model, "--print-config").stdout)["model"]
    assert shown == {key: None if value == "none" else value for key, value in printed.items()}
    help_text = " ".join(zoo("train", model, "--help").stdout.split())
    key, value = next((key, value) for key, value in shown.items() if type(value) is int)
    flag = f"--model.{key.replace('_', '-')}"
    assert f"default {value}" in help_text.partition(flag)[2].partition("]")[0]
    assert f"settings of {facts['default recipe']}:" in zoo("show", model).stdout


def test_a_recipe_shows_its_complete_settings(zoo: Zoo) -> None:
    facts = zoo("show", "gru-manual.hello", "--json").json
    assert facts["configs"]["trainer"]["learning_rate"] == 0.03
    assert facts["published"]["metric"] == "accuracy"


@pytest.mark.parametrize("name", ["hello", "next-token", "zoo-lstm:lstm-embed"])
def test_datasets_trainers_and_owned_names_can_be_shown(zoo: Zoo, name: str) -> None:
    assert zoo("show", name).code == 0


def test_a_checkpoint_shows_its_metrics(zoo: Zoo, hello: Path) -> None:
    facts = zoo("show", hello, "--json").json
    assert facts["metrics"]["train"]["accuracy"] == 1.0
    assert "accuracy 1" in zoo("show", hello).stdout


def test_a_model_shows_its_pretrained_checkpoints_as_a_table(zoo: Zoo) -> None:
    facts = zoo("show", "lstm-embed", "--json").json
    row = next(row for row in facts["checkpoints"] if row["name"] == "lstm-embed.python-docs")
    assert row["recipe"] == "lstm-embed.python-docs"
    assert (row["parameters"], row["metrics"]["bits_per_character"]) == (326727, 1.77)
    assert row["size"] > 1_300_000
    assert row["seconds"] > 1
    assert row["source"] == "package:zoo_lstm/checkpoints/lstm-embed.python-docs"
    table = zoo("show", "lstm-embed").stdout.partition("checkpoints (lstm-embed.TAG):\n")[2]
    lines = table.splitlines()
    assert lines[0].split() == list(COLUMNS)
    assert lines[1].split()[:4] == ["hello", "accuracy", "1", "316"]
    assert lines[2].split()[:4] == ["python-docs", "bits/char", "1.77", "326,727"]
    assert lines[2].split()[-2:] == ["yes", "package"]


def test_a_recipe_shows_the_checkpoint_that_it_made(zoo: Zoo) -> None:
    (row,) = zoo("show", "gru-embed.hello", "--json").json["checkpoints"]
    assert row["name"] == "gru-embed.hello"
    assert "checkpoints (gru-embed.TAG):" in zoo("show", "gru-embed.hello").stdout
    assert zoo("show", "gru-embed.names", "--json").json["checkpoints"] == []


def test_a_model_without_a_checkpoint_says_so(zoo: Zoo) -> None:
    assert "checkpoints: none" in zoo("show", "char-rnn").stdout


def test_every_table_of_checkpoints_fits_into_80_columns(
    capsys: pytest.CaptureFixture[str], catalog: Catalog
) -> None:
    for _, spec in catalog.of(ModelSpec):
        print_checkpoints(spec.name, describe_checkpoints(catalog, f"{spec.name}."))
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_checkpoint_of_unknown_size_leaves_its_cells_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = {"name": "owl.night", "recipe": "", "metrics": {}, "size": 1200}
    unknown = {"parameters": None, "seconds": None, "source": "hub:someone/owl"}
    print_checkpoints("owl", [checkpoint | unknown])
    assert capsys.readouterr().out.splitlines()[2].split() == [
        *("night", "1.2", "kB", "no", "hub:someone/owl"),
    ]


def test_zoo_runs_lists_and_removes_runs(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    zoo("train", "rnn-cell")
    (row,) = zoo("runs", "--json").json
    assert (row["model"], row["state"]) == ("rnn-cell", "finished")
    assert row["name"] in zoo("runs").stdout
    assert zoo("runs", "remove", row["name"], "--yes").code == 0
    assert zoo("runs", "--json").json == []


def test_a_damaged_run_is_a_row(zoo: Zoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    (tmp_path / "runs" / "odd").mkdir(parents=True)
    (tmp_path / "runs" / "odd" / "config.json").write_text("{")
    assert zoo("runs", "--json").json[0]["state"] == "damaged"


def test_plugins_lists_what_each_one_contributes(zoo: Zoo) -> None:
    rows = {row["name"]: row for row in zoo("plugins", "--json").json}
    assert rows["zoo-text"]["state"] == "ok"
    assert "hello" in rows["zoo-text"]["contributes"]["dataset"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_prints_a_script(zoo: Zoo, shell: str) -> None:
    result = zoo("completion", shell)
    assert result.code == 0
    assert "_ZOO_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("zoo tra", "train"),
        ("zoo train lstm-e", "lstm-embed"),
        ("zoo train lstm-embed --model.hid", "--model.hidden-size"),
        ("zoo train rnn-cell --model.nonlinearity r", "relu"),
        ("zoo train rnn-cell --dataset pyth", "python-docs"),
    ],
)
def test_bash_completes_commands_names_settings_and_choices(words: str, expected: str) -> None:
    program = "from zoo_cli.main import main; main()"
    cword = str(len(words.split()) - 1)
    environment = {"_ZOO_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": cword}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in [line.partition(",")[2] for line in done.stdout.splitlines()], done


def test_the_manifest_is_plain_json(hello: Path) -> None:
    values = json.loads((hello / "config.json").read_text("utf-8"))
    assert values["format"] == 2
    assert values["signature"]["vocabulary"] == ["e", "h", "l", "o"]
