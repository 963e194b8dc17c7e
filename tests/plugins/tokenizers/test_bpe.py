"""Byte-pair encoding, from the text to the checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.text.texts import text_dataset
from zoo_core import Vocabulary, evaluate, generate, load, predict, train
from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_core.data.tokenizer import StoredTokenizer
from zoo_core.errors import DataError, IntegrityError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.tokenizers import read_tokenizer, train_tokenizer, with_tokenizer

pytest.importorskip("zoo_tokenizers")
from zoo_tokenizers import bpe  # it imports the library

pytestmark = pytest.mark.full
TEXT = "The cat sat on the mat, and the cat sat on the hat.\n" * 40
STRANGE = "Grüße e\u0301 我們 👩\u200d👧 שלום\n\n  x <unk>"


def _learn(size: int | None = None, min_count: int = 1) -> Vocabulary:
    return train_tokenizer("bpe", [TEXT], size, min_count)


def test_a_text_survives_a_round_trip_and_keeps_its_bytes() -> None:
    vocabulary = _learn()
    for text in (TEXT, STRANGE):
        ids = vocabulary.encode(text)
        assert vocabulary.decode(ids) == text
        assert sum(vocabulary.byte_counts[index] for index in ids) == len(text.encode())


def test_a_long_text_has_the_symbols_of_its_groups_of_lines() -> None:
    vocabulary = _learn(300)
    long = (TEXT + STRANGE + "\n") * 40
    ids = vocabulary.encode(long)
    assert len(long) > 5 * bpe.LONG
    assert vocabulary.decode(ids) == long
    by_group = [index for group in bpe.line_groups(long) for index in vocabulary.encode(group)]
    assert ids == by_group


def test_the_size_is_an_upper_bound_and_every_byte_is_a_symbol() -> None:
    assert len(_learn(256)) == 256
    assert len(_learn(270)) == 270
    assert 256 < len(_learn(100_000)) < 400
    assert len(_learn(min_count=10_000)) == 256


def test_the_same_text_gives_the_same_tokenizer() -> None:
    assert _learn(300).tokenizer.content == _learn(300).tokenizer.content


def test_the_tokenizer_learns_from_the_training_part_alone() -> None:
    text = TEXT + "zyzzyva " * 60
    assert (
        text_dataset(text, tokens="bpe", test=0.2).vocabulary
        == text_dataset(TEXT + "#" * 8 * 60, tokens="bpe", test=0.2).vocabulary
    )


def test_a_signature_keeps_the_tokenizer_and_its_plugin_reads_it() -> None:
    vocabulary = _learn(300)
    size = len(vocabulary)
    signature = Signature(
        inputs=Tokens(size),
        outputs=Classes(size, per="step", next_token=True),
        vocabulary=vocabulary,
    )
    read = Signature.from_json(json.loads(json.dumps(signature.to_json()))).vocabulary
    assert read is not None
    assert isinstance(read.tokenizer, StoredTokenizer)
    assert with_tokenizer(read, load_catalog()) == vocabulary


@pytest.mark.parametrize("change", ["exchanged", "fewer"])
def test_a_vocabulary_with_other_symbols_than_its_tokenizer_is_refused(change: str) -> None:
    vocabulary = _learn(300)
    first, second, *others = vocabulary.symbols
    symbols = (second, first, *others) if change == "exchanged" else (second, *others)
    stored = StoredTokenizer(vocabulary.tokenizer.kind, vocabulary.tokenizer.content)
    with pytest.raises(IntegrityError, match="other symbols than its tokenizer 'bpe'"):
        with_tokenizer(Vocabulary(symbols, tokenizer=stored), load_catalog())


def test_a_checkpoint_needs_the_plugin_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 4},
        "dataset": {"path": str(path), "tokens": "bpe", "vocabulary_size": 270, "steps": 8},
        "trainer": {"epochs": 1},
    }
    train("gru-embed", tmp_path / "run", dataset="text", settings=settings, threads=1)
    checkpoint = load(tmp_path / "run")
    assert evaluate(checkpoint) == {"test": checkpoint.metrics["test"]} | {
        "validation": checkpoint.metrics["validation"]
    }
    path.unlink()
    assert isinstance(generate(checkpoint, "The cat", length=5), str)
    assert isinstance(predict(checkpoint, STRANGE), str)


def test_a_file_of_the_library_is_read_and_its_path_stays_here(tmp_path: Path) -> None:
    file, path = tmp_path / "own tokenizer.json", tmp_path / "text.txt"
    file.write_text(_learn(300).tokenizer.content)
    path.write_text(TEXT)
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 4},
        "dataset": {"path": str(path), "tokens": str(file), "steps": 8},
        "trainer": {"epochs": 1},
    }
    checkpoint = train("gru-embed", tmp_path / "run", dataset="text", settings=settings, threads=1)
    assert checkpoint.signature.vocabulary == _learn(300)
    manifest = (tmp_path / "run" / "config.json").read_text()
    assert str(tmp_path) not in manifest
    assert '"tokens": "own tokenizer.json"' in manifest
    file.unlink()
    assert isinstance(generate(load(tmp_path / "run"), "The cat", length=5), str)


@pytest.mark.parametrize("content", ["{}", "no JSON", "[1]"])
def test_what_is_no_tokenizer_is_an_error(content: str) -> None:
    with pytest.raises(DataError, match="not a tokenizer of the library tokenizers"):
        read_tokenizer("bpe", content)


def test_a_tokenizer_of_words_reports_what_it_cannot_encode() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    library = Tokenizer(models.WordLevel({"[UNK]": 0, "cat": 1}, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    vocabulary = read_tokenizer("bpe", library.to_str())
    assert vocabulary.for_data.encode("cat dog") == [1, 0]
    with pytest.raises(DataError, match=r"lacks: 'dog' \(1×\)"):
        vocabulary.encode("cat dog")
