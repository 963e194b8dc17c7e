"""Translating, evaluating and looking at the attention from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import zoo_core
from tests.cli.command import Zoo
from zoo_core.runtime.api import attention
from zoo_core.runtime.nn import AbstractAttention
from zoo_seq2seq.dataset import PairsDataset

NUMBERS = "seq2seq-attention.number-words"
SOURCE = "four thousand two hundred eighty one"
TARGET = "quatre mille deux cent quatre vingt un"


def test_the_shipped_checkpoint_translates(zoo: Zoo) -> None:
    result = zoo("predict", NUMBERS, SOURCE, "ninety one", "ten thousand")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [TARGET, "quatre vingt onze", "dix mille"]
    wide = zoo("predict", NUMBERS, SOURCE, "--beam", 5, "--length-penalty", 1, "--json")
    assert wide.json == [{"input": SOURCE, "prediction": TARGET}]


def test_translations_can_be_written_as_a_table(zoo: Zoo, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert zoo("predict", NUMBERS, "ninety one", "two hundred", "--to", target).code == 0
    assert target.read_text("utf-8").splitlines() == [
        "text,label,probability",
        "ninety one,quatre vingt onze,",
        "two hundred,deux cents,",
    ]


def test_a_run_folder_evaluates_with_bleu_and_another_beam(zoo: Zoo, small: Path) -> None:
    greedy = zoo("evaluate", small, "--json").json["validation"]
    assert set(greedy) == {"loss", "accuracy", "exact_match", "bleu", "sentence_bleu"}
    beam = zoo("evaluate", small, "--dataset.beam", 3, "--json").json["validation"]
    assert beam["loss"] == greedy["loss"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["predict", NUMBERS, "ninety owl"], 6, r"lacks: ' owl'"),
        (["predict", NUMBERS, "one", "--beam", "0"], 2, "--beam"),
        (["predict", "lstm-embed.hello", "hello", "--beam", "2"], 6, "leave out --beam"),
        (["generate", NUMBERS, "--prompt", "one"], 6, "try: zoo predict"),
        (["inspect", NUMBERS, "--text", "one"], 6, "--attention"),
        (["inspect", "lstm-embed.hello", "--text", "h", "--attention"], 6, "has no attention"),
        (["inspect", NUMBERS, "--text", "one", "--attention", "--unit", "3"], 2, "exclude"),
        (["inspect", NUMBERS, "--text", "one", "--picture", "a.png"], 2, "give --attention too"),
        (
            ["inspect", NUMBERS, "--text", "one", "--attention", "--picture", "a.gif"],
            2,
            "FILE.png or a FILE.svg",
        ),
        (["export", NUMBERS, "--format", "torch", "--to", "out"], 6, "no export format takes"),
        pytest.param(
            ["export", NUMBERS, "--format", "web", "--to", "out"],
            6,
            "try: zoo predict",
            marks=pytest.mark.full,
        ),
        (["train", "seq2seq.fra-eng"], 6, "give --dataset.path fra.txt"),
        (["train", "seq2seq", "--dataset", "hello"], 6, "this data has none"),
        (["train", "lstm-embed", "--dataset", "number-words"], 6, "takes no further inputs"),
    ],
)
def test_what_does_not_fit_is_one_line(
    zoo: Zoo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = zoo(*arguments)
    assert result.code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_attention_is_text_and_json(zoo: Zoo) -> None:
    lines = zoo("inspect", NUMBERS, "--attention", "--text", "ninety one").stdout.splitlines()
    assert lines[0].split() == ["symbol", "looks", "at"]
    assert [line.split()[0] for line in lines[1:]] == ["quatre", "vingt", "onze", "<eos>"]
    values = zoo("inspect", NUMBERS, "--attention", "--text", "ninety one", "--json").json
    assert values["source"] == ["ninety", "one", "<eos>"]
    assert values["target"] == ["quatre", "vingt", "onze", "<eos>"]
    assert len(values["attention"]) == 4
    for row in values["attention"]:
        assert sum(row) == pytest.approx(1, abs=1e-3)


def test_the_attention_is_that_of_the_target_that_a_beam_finds(small: Path) -> None:
    checkpoint = zoo_core.load(small).with_dataset(values={"beam": 5, "answer_length": 6})
    data = checkpoint.dataset
    assert isinstance(data, PairsDataset)
    assert isinstance(checkpoint.model, AbstractAttention)
    for row in data.split_rows["train"][:12]:
        source = data.pairs[row].source
        (ids,) = data.translate(checkpoint.model, data.encode(source))
        shown = attention(checkpoint, source)
        assert [data.vocabulary.symbols[index].strip() for index in ids] == list(shown.target)
        assert len(shown.weights) == len(ids) <= 6
        batch = data.encode(source)
        read = torch.tensor([[int(batch.inputs), *ids[:-1]]])  # each symbol is written from these
        expected = checkpoint.model.attention(batch._replace(inputs=read))
        assert expected is not None
        assert torch.equal(torch.tensor(shown.weights), expected[0])


@pytest.mark.gate
def test_the_attention_is_drawn_as_png_and_svg(zoo: Zoo, tmp_path: Path) -> None:
    for name, start in {"a.png": b"\x89PNG", "a.svg": b"<?xml"}.items():
        arguments = ["inspect", NUMBERS, "--attention", "--text", "ninety one"]
        result = zoo(*arguments, "--picture", tmp_path / name)
        assert (result.code, result.stdout) == (0, f"{tmp_path / name}\n")
        first = (tmp_path / name).read_bytes()
        assert first.startswith(start)
        assert zoo(*arguments, "--picture", tmp_path / name).code == 6
        assert zoo(*arguments, "--picture", tmp_path / name, "--overwrite").code == 0
        assert (tmp_path / name).read_bytes() == first
    assert "quatre" in (tmp_path / "a.svg").read_text("utf-8")


@pytest.mark.gate
def test_the_words_are_counted_by_data_check(zoo: Zoo) -> None:
    result = zoo("data", "check", "--dataset", "number-words", "--json")
    assert result.code == 0
    splits = json.loads(result.stdout)["splits"]
    assert [splits[name]["rows"] for name in ("train", "validation", "test")] == [8000, 1000, 1000]
    assert splits["test"]["overlap"] == 0


def test_the_card_names_a_command_that_works(zoo: Zoo, small: Path) -> None:
    card = (small / "README.md").read_text("utf-8")
    assert "pipeline_tag: translation" in card
    assert "zoo predict" in card
    assert zoo("show", small).code == 0
    shapes = zoo("show", "seq2seq-attention", "--shapes").stdout
    assert "S steps of the source" in shapes
    assert "(B, S, E)" in shapes
