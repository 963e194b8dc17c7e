"""Tokenizers: characters, bytes and words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_core.data.tokenizer import (
    BUILT_IN,
    BYTES,
    CHARACTERS,
    AbstractTokenizer,
    StoredTokenizer,
    WordTokenizer,
    tokenizer_from_json,
)
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError, IntegrityError, PluginError

TEXT = "The cat's  hat;\n\ne\u0301 हिन्दी 我們在 👩\u200d👧 שלום 3.14 <unk> \u0301"
WORDS = Vocabulary(("<unk>", "The", " cat", "."), tokenizer=BUILT_IN["word"])


@pytest.mark.parametrize("tokenizer", BUILT_IN.values(), ids=BUILT_IN)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_survives_a_round_trip(tokenizer: AbstractTokenizer, text: str) -> None:
    for example in (TEXT, text):
        assert "".join(tokenizer.join(tokenizer.split(example))) == example


@pytest.mark.parametrize("tokenizer", BUILT_IN.values(), ids=BUILT_IN)
def test_the_bytes_of_the_symbols_are_those_of_the_text(tokenizer: AbstractTokenizer) -> None:
    symbols = tokenizer.split(TEXT)
    assert b"".join(map(tokenizer.bytes_of, symbols)) == TEXT.encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat, too", ["The", " cat", ",", " too"]),
        ("don't 'x'", ["don't", " '", "x", "'"]),
        ("a  b\n\nc", ["a", " ", " b", "\n", "\n", "c"]),
        ("e\u0301a हिन्दी", ["e\u0301a", " हिन्दी"]),
        ("ab我們 在", ["ab", "我", "們", " 在"]),
        ("", []),
    ],
)
def test_words_have_the_blank_before_them(text: str, words: list[str]) -> None:
    assert WordTokenizer().split(text) == words


def test_a_symbol_that_is_no_byte_stands_for_its_name() -> None:
    assert BUILT_IN["byte"].bytes_of("<end>") == b"<end>"
    assert BUILT_IN["byte"].bytes_of("<0xFF>") == b"\xff"


def test_bytes_are_numbered_by_their_value() -> None:
    vocabulary = Vocabulary(BYTES, tokenizer=BUILT_IN["byte"])
    assert vocabulary.encode("aé\n") == list("aé\n".encode())
    assert set(vocabulary.byte_counts) == {1}


def test_a_character_is_written_when_its_last_byte_is_there() -> None:
    vocabulary = Vocabulary(BYTES, tokenizer=BUILT_IN["byte"])
    assert list(vocabulary.stream("aé".encode())) == ["a", "é"]
    assert vocabulary.decode(b"a\xff\xc3") == "a\ufffd\ufffd"


def test_unknown_words_of_data_have_a_symbol_and_those_typed_are_an_error() -> None:
    assert WORDS.for_data.encode("The dog.") == [1, 0, 3]
    assert WORDS.for_data.encode("The dog.", Unknown("skip")) == [1, 3]
    with pytest.raises(DataError, match=r"lacks: ' dog' \(1×\)"):
        WORDS.encode("The dog.")
    assert WORDS.byte_counts == (0, 3, 4, 1)


def test_characters_without_a_symbol_for_unknown_ones_stay_an_error_in_data() -> None:
    assert Vocabulary.of("<unk>").for_data.policy == Unknown()


def _signature(vocabulary: Vocabulary) -> Signature:
    size = len(vocabulary)
    return Signature(
        inputs=Tokens(size),
        outputs=Classes(size, per="step", next_token=True),
        vocabulary=vocabulary,
    )


@pytest.mark.parametrize(
    "vocabulary",
    [WORDS, Vocabulary(BYTES, tokenizer=BUILT_IN["byte"])],
    ids=lambda vocabulary: vocabulary.tokenizer.kind,
)
def test_a_signature_keeps_the_tokenizer(vocabulary: Vocabulary) -> None:
    values = json.loads(json.dumps(_signature(vocabulary).to_json()))
    assert values["tokenizer"] == {"kind": vocabulary.tokenizer.kind}
    assert Signature.from_json(values) == _signature(vocabulary)


def test_characters_are_written_as_before_there_were_tokenizers() -> None:
    values = _signature(Vocabulary.of("abc")).to_json()
    assert "tokenizer" not in values
    read = Signature.from_json(values).vocabulary
    assert read is not None
    assert read.tokenizer == CHARACTERS


def test_a_tokenizer_of_a_plugin_is_stored_with_its_hash() -> None:
    stored = StoredTokenizer("owl", '{"a": 1}', "no owl here")
    values = stored.to_json()
    assert tokenizer_from_json(values) == stored
    with pytest.raises(IntegrityError, match="tokenizer 'owl': its JSON has sha256 "):
        tokenizer_from_json(values | {"json": "{}"})
    with pytest.raises(PluginError, match="no owl here"):
        stored.split("text")
    with pytest.raises(PluginError, match="no owl here"):
        stored.bytes_of("text")


@pytest.mark.parametrize("values", [{}, {"kind": 3}, {"kind": "owl", "json": []}])
def test_values_of_another_form_are_an_error(values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="expected a kind and its JSON"):
        tokenizer_from_json(values)
