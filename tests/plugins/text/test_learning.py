"""Vocabularies that are learned from a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.plugins.text.texts import text_dataset
from zoo_core.data.tokenizer import BYTES
from zoo_core.errors import ConfigError, DataError
from zoo_text.configs import AbstractTextConfig
from zoo_text.encoding import cut

TEXT = "a b b c c c d d d d. " * 40 + "only here"


def symbols(**settings: Any) -> tuple[str, ...]:
    """Returns the symbols of a text."""
    return text_dataset(TEXT, **settings).vocabulary.symbols


def test_bytes_are_always_the_same_256() -> None:
    assert symbols(tokens="byte", vocabulary_size=7) == BYTES


def test_words_are_sorted_by_count_and_come_from_the_training_part_alone() -> None:
    expected = ("<unk>", " d", " c", " b", " a", ".", "a")
    assert symbols(tokens="word", test=0.1) == expected
    assert " only" in symbols(tokens="word", test=0, validation=0)


def test_the_size_and_the_least_count_bound_the_words() -> None:
    assert symbols(tokens="word", vocabulary_size=3) == ("<unk>", " d", " c")
    assert "a" not in symbols(tokens="word", min_count=2)


def test_a_least_count_that_leaves_no_word_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_count = 1000 leaves no word of the training part"):
        symbols(tokens="word", min_count=1000)


def test_the_splits_join_to_the_text() -> None:
    dataset = text_dataset("Grüße 我們. " * 50, tokens="byte")
    decoded = [
        dataset.vocabulary.decode(dataset.split_tokens(split).tolist()) for split in dataset.splits
    ]
    assert "".join(decoded) == "Grüße 我們. " * 50


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokens": "syllable"}, r"tokens = 'syllable': expected char, byte, word, bpe or a FILE"),
        ({"tokens": "bpe", "vocabulary_size": 99}, "vocabulary_size = 99: expected .* >= 256"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AbstractTextConfig(**settings)


def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.json: No such file"):
        symbols(tokens=str(tmp_path / "none.json"))


@pytest.mark.parametrize("at_line_ends", [True, False])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pieces_do_not_depend_on_how_the_text_comes(
    monkeypatch: pytest.MonkeyPatch, at_line_ends: bool, size: int
) -> None:
    monkeypatch.setattr("zoo_text.encoding.PIECE", 5)
    text = "ab\ncde\nfghijklmno\np"
    texts = (text[start : start + size] for start in range(0, len(text), size))
    parts = list(cut(texts, [4, 4, 18], at_line_ends=at_line_ends))
    assert "".join(piece for _, piece in parts) == text[:18]
    assert "".join(piece for part, piece in parts if part == 0) == text[:4]
    assert [part for part, _ in parts] == sorted(part for part, _ in parts)
    assert {part for part, _ in parts} == {0, 2}
    assert max(len(piece) for _, piece in parts) <= 5
    assert ((2, "de\n") in parts) == at_line_ends
