"""``zoo show --shapes``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo


def test_shapes_are_a_table_under_a_legend(zoo: Zoo) -> None:
    result = zoo("show", "lstm-embed", "--shapes")
    legend, *lines = result.stdout.splitlines()
    assert result.code == 0
    assert legend == "B batch 2, T steps 5, V vocabulary 4, E embedding 10, H hidden state 4"
    assert lines[0].split("  ")[0] == "inputs"
    assert any("recurrent.weight_ih_l0" in line and "(4H, E)" in line for line in lines)


def test_shapes_as_json_are_an_array_of_objects(zoo: Zoo) -> None:
    rows = zoo("show", "gru-embed.hello", "--shapes", "--json").json
    assert rows[0] == {"name": "inputs", "kind": "input", "shape": [2, 5], "axes": ["B", "T"]}
    assert {row["kind"] for row in rows} == {"input", "activation", "step", "state", "parameter"}


def test_the_batch_may_be_chosen(zoo: Zoo) -> None:
    arguments = ["show", "lstm-embed", "--shapes", "--batch-size", 7, "--steps", 11, "--json"]
    assert zoo(*arguments).json[0]["shape"] == [7, 11]


def test_a_checkpoint_has_shapes_too(zoo: Zoo, hello: Path) -> None:
    rows = zoo("show", f"{hello}", "--shapes", "--json").json
    assert rows[-1]["name"] == "embedding.weight"
    assert rows[-1]["axes"] == ["V", "E"]


def test_without_the_data_the_vocabulary_is_marked_as_an_example(zoo: Zoo) -> None:
    result = zoo("show", "lstm-scratch", "--shapes")
    assert result.code == 0
    assert "the vocabulary shown is an example" in result.stderr
    assert "V vocabulary 28" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["lstm-embed", "--shapes", "--batch-size", "0"], 2),
        (["lstm-embed", "--shapes", "--batch-size", "100000000"], 2),
        (["lstm-embed", "--shapes", "--steps", "100000000"], 2),
        (["lstm-embed", "--steps", "3"], 2),
        (["nobody", "--shapes"], 3),
    ],
)
def test_wrong_use_has_its_exit_code(zoo: Zoo, arguments: list[str], code: int) -> None:
    assert zoo("show", *arguments).code == code


def test_showing_a_recipe_downloads_nothing(zoo: Zoo) -> None:
    result = zoo("show", "rnn-scratch.time-machine")
    assert result.code == 0
    assert "an example's: the data is not available" in result.stdout
    assert "downloading" not in result.stderr
