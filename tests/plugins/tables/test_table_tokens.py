"""Tokens and encodings of tables: bytes, words and pairs of bytes in place of characters."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import zoo_core
from zoo_core.data.signature import Signature
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.tokenizers import with_tokenizer
from zoo_core.runtime.nn import IGNORED, Output
from zoo_tables.configs import LabelledConfig, PairsConfig, RequestsConfig
from zoo_tables.labelled import LabelledDataset, labelled, requests
from zoo_tables.pairs import END, TO, PairsDataset, pairs
from zoo_train.configs import NextTokenConfig
from zoo_train.next_token import NextTokenTrainer

LABELLED = "text,label\n" + "".join(
    f"the {('cat', 'dog')[number % 2]} number {number},{'ab'[number % 2]}\n" for number in range(40)
)
PAIRS = "source,target\n" + "".join(f"one {n} two,two {n} one\n" for n in range(40))
ALL: dict[str, Any] = {"validation": 0, "test": 0}
BPE = pytest.param({"tokens": "bpe", "vocabulary_size": 270}, marks=pytest.mark.full)
KINDS = [{"tokens": "byte"}, {"tokens": "word"}, BPE]


def labels_of(tmp_path: Path, text: str = LABELLED, **settings: Any) -> LabelledDataset:
    """Returns the labelled texts of a CSV file."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    return labelled(LabelledConfig(path=path, **settings), None)


def pairs_of(tmp_path: Path, text: str = PAIRS, **settings: Any) -> PairsDataset:
    """Returns the pairs of a CSV file."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    return pairs(PairsConfig(path=path, **settings), None)


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
def test_every_row_is_the_text_that_its_tokens_make(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    dataset = labels_of(tmp_path, **ALL, **settings)
    decode = dataset.vocabulary.decode
    texts = [decode(row.tolist()).lstrip() for row in dataset.rows("train").inputs]
    assert texts == dataset.content.inputs
    typed = dataset.encode("the cat number 7").inputs[0]
    assert decode(typed.tolist()).lstrip() == "the cat number 7"


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
def test_a_pair_of_other_tokens_is_one_sequence(tmp_path: Path, settings: dict[str, Any]) -> None:
    dataset = pairs_of(tmp_path, **ALL, **settings)
    vocabulary, rows = dataset.vocabulary, dataset.rows("train")
    assert vocabulary.symbols[:2] == (TO, END)
    inputs, labels = rows.inputs[3].tolist(), rows.targets[3].tolist()
    assert vocabulary.decode(inputs).strip() == "one 3 two<to>two 3 one"
    answer = [label for label in labels if label != IGNORED]
    assert vocabulary.decode(answer) == "two 3 one<end>"
    assert inputs[-len(answer) + 1 :] == answer[:-1]


@pytest.mark.parametrize("make", [labels_of, pairs_of])
@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
def test_a_signature_keeps_the_tokens(
    tmp_path: Path,
    make: Callable[..., LabelledDataset | PairsDataset],
    settings: dict[str, Any],
) -> None:
    signature = make(tmp_path, **settings).signature
    read = Signature.from_json(signature.to_json())
    assert with_tokenizer(read.vocabulary, load_catalog()) == signature.vocabulary


def test_words_come_from_the_training_rows_alone_and_are_bounded() -> None:
    words = requests(RequestsConfig(tokens="word"), None)
    trained = {
        word
        for row in words.split_rows["train"]
        for word in words.vocabulary.tokenizer.split(words.content.inputs[row])
    }
    assert set(words.vocabulary.symbols) == trained | {"<unk>"}
    few = requests(RequestsConfig(tokens="word", vocabulary_size=20), None)
    assert few.vocabulary.symbols == words.vocabulary.symbols[:20]
    often = requests(RequestsConfig(tokens="word", min_count=30), None).vocabulary.symbols
    assert often == words.vocabulary.symbols[: len(often)]


def test_a_first_word_is_the_one_that_stands_within_texts(tmp_path: Path) -> None:
    text = "text,label\ntea like like,a\nlike,b\n"
    dataset = labels_of(tmp_path, text, **ALL, tokens="word")
    assert dataset.vocabulary.symbols == ("<unk>", " like", "like", "tea")
    assert dataset.encode("like like").inputs.tolist() == [[2, 1]]
    without = labels_of(tmp_path, text, **ALL, tokens="word", vocabulary_size=2)
    assert without.encode("like like").inputs.tolist() == [[1, 1]]


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
def test_the_greatest_length_counts_tokens(tmp_path: Path, settings: dict[str, Any]) -> None:
    dataset = labels_of(tmp_path, max_length=2, **settings)
    assert {len(row) for row in dataset.rows("train").inputs} == {2}
    assert dataset.encode("the cat number 7").inputs.shape == (1, 2)
    of_pairs = pairs_of(tmp_path, max_length=2, **settings).rows("train")
    assert {len(row) for row in of_pairs.inputs} == {5}


def test_unknown_words_of_data_are_counted_and_those_of_a_person_refused(tmp_path: Path) -> None:
    dataset = labels_of(tmp_path, tokens="word", min_count=2)
    (first, *_) = dataset.rows("test").inputs
    assert first.tolist()[-1] == 0
    with pytest.raises(DataError, match=r"lacks: ' bird' \(1×\).* or 'replace=<unk>'"):
        dataset.encode("the bird")
    report = zoo_core.check_data(
        "labelled",
        {"dataset": {"path": tmp_path / "rows.csv", "tokens": "word", "min_count": 2}},
    )
    assert report.splits["train"].unknown == 0.25
    assert "train: 25.0% of the words are unknown" in report.suspicions


def test_an_unknown_word_of_a_target_costs_its_bytes_and_an_end_none(tmp_path: Path) -> None:
    dataset = pairs_of(tmp_path, tokens="word", min_count=2, validation=0, test=0.1)
    trainer = NextTokenTrainer(NextTokenConfig(), dataset.signature)
    (batch,) = dataset.batches("test", 100, seed=0, epoch=0)
    logits = torch.zeros(*batch.inputs.shape, len(dataset.vocabulary), dtype=torch.float64)
    output = Output(logits, None)
    sums = {name: float(value) for name, value in trainer.sums(output, batch).items()}
    loss = trainer.loss(output, batch).item()
    metrics = trainer.metrics(sums | {"loss": loss * sums["targets"]})
    targets = [dataset.content.answers[row] for row in dataset.split_rows["test"]]
    count = sum(len(target.encode()) for target in targets)
    unknown = sum(len(f" {target.split()[1]}") for target in targets)
    # "two", the number, " one" and the end
    bits = 4 * len(targets) * math.log2(len(dataset.vocabulary)) + 8 * unknown
    assert metrics["bits_per_byte"] == pytest.approx(bits / count, rel=1e-9)
    assert metrics["unknown_share"] == 0.25


def test_a_model_of_words_answers_from_its_checkpoint_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(LABELLED, "utf-8")
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 4},
        "dataset": {"path": path, "tokens": "word", "min_count": 2},
        "trainer": {"epochs": 1},
    }
    zoo_core.train("gru-embed", tmp_path / "run", dataset="labelled", settings=settings)
    path.unlink()
    checkpoint = zoo_core.load(tmp_path / "run")
    assert zoo_core.predict(checkpoint, "the cat number") in ("a", "b")
    usage = (tmp_path / "run" / "README.md").read_text("utf-8")
    assert "zoo predict FOLDER number" in usage


@pytest.mark.full
def test_a_model_of_pairs_of_bytes_answers_from_its_checkpoint_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(PAIRS, "utf-8")
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 4},
        "dataset": {"path": path, "tokens": "bpe", "vocabulary_size": 270, "answer_length": 3},
        "trainer": {"epochs": 1},
    }
    zoo_core.train("gru-embed", tmp_path / "run", dataset="pairs", settings=settings)
    path.unlink()
    assert isinstance(zoo_core.predict(zoo_core.load(tmp_path / "run"), "one 漢 two"), str)


@pytest.mark.full
def test_a_tokenizer_with_a_symbol_of_pairs_is_refused(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models

    library = Tokenizer(models.WordLevel({TO: 0, "one": 1}, unk_token=TO))
    (tmp_path / "own.json").write_text(library.to_str())
    with pytest.raises(DataError, match="have a symbol '<to>' of their own"):
        _ = pairs_of(tmp_path, tokens=str(tmp_path / "own.json")).vocabulary


CHINESE = "text,label\n" + "今天天气很好我们去公园散步,好\n这个电影非常无聊我不喜欢它,坏\n" * 40


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("gb18030", "is read as gb18030, which it looks like"),
        ("utf-16", "is UTF-16, as its byte order mark says"),
        ("utf-8-sig", ""),
    ],
)
def test_the_encoding_of_a_table_is_found_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, encoding: str, message: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(CHINESE, encoding)
    with caplog.at_level(logging.INFO):
        dataset = labelled(LabelledConfig(path=path), None)
        assert dataset.label_names == ("坏", "好")
    assert dataset.content.inputs[0] == "今天天气很好我们去公园散步"
    assert message in caplog.text
    new = tmp_path / "new.txt"
    new.write_text("今天天气很好我们去公园散步\n" * 20, encoding)
    assert dataset.read_inputs(new)[0] == "今天天气很好我们去公园散步"
