"""Typed texts as batches, and vocabularies that are learned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zoo_core.configs.tokens import AbstractTokensConfig
from zoo_core.data.tokenizer import BUILT_IN
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import ConfigError, DataError
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.learned_vocabulary import learn_vocabulary

WORDS = Vocabulary((" a", "b", " b", "<"), tokenizer=BUILT_IN["word"])
TEXT = "the cat and the dog and the fox"


def _learn(**settings: object) -> Vocabulary:
    def training() -> Iterator[str]:
        yield TEXT

    config = AbstractTokensConfig(tokens="word", **settings)  # type: ignore[arg-type]
    return learn_vocabulary(config, lambda: TEXT, training)


def test_the_beginning_of_a_long_text_is_used() -> None:
    letters = Vocabulary(tuple("abc"))
    assert encode_text("cab", letters, most=2).inputs.tolist() == [[2, 0]]
    assert encode_text("ca?", letters, most=2).inputs.tolist() == [[2, 0]]
    with pytest.raises(DataError, match="an empty input"):
        encode_text("", letters)


@pytest.mark.parametrize(("text", "ids"), [("a b", [0, 2]), ("b a", [1, 0]), (" b", [2])])
def test_a_first_word_is_the_one_after_a_blank_if_there_is_no_other(
    text: str, ids: list[int]
) -> None:
    assert encode_text(text, WORDS).inputs.tolist() == [ids]


def test_an_unknown_first_word_is_named_as_it_was_typed() -> None:
    with pytest.raises(DataError, match="lacks: 'x' "):
        encode_text("x a", WORDS)


def test_the_symbol_of_unknown_words_counts_among_the_most_symbols() -> None:
    assert _learn(vocabulary_size=3).symbols == ("<unk>", " and", " the")
    assert len(_learn()) == 7


def test_a_vocabulary_without_a_word_is_refused() -> None:
    assert _learn(min_count=2).symbols == ("<unk>", " and", " the")
    with pytest.raises(ConfigError, match="min_count = 4 leaves no word of the training part"):
        _learn(min_count=4)
