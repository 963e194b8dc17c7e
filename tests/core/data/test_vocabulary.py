"""The vocabulary: symbols, ids and unknown symbols."""

from __future__ import annotations

import pytest

from zoo_core.data.vocabulary import MAX_LISTED_SYMBOLS, Unknown, Vocabulary
from zoo_core.errors import ConfigError, DataError

ELOH = Vocabulary.of("hello")


def test_the_symbols_of_a_text_are_sorted_and_distinct() -> None:
    assert ELOH.symbols == ("e", "h", "l", "o")
    assert len(ELOH) == 4


@pytest.mark.parametrize("text", ["hello", "", "a\u0303 ✓𝄞\n\t", "\0 \x7f"])
def test_decode_inverts_encode(text: str) -> None:
    vocabulary = Vocabulary.of(text + "others")
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_ids_count_from_0_in_the_order_of_the_symbols() -> None:
    assert Vocabulary(("z", "a", "m")).encode("amz") == [1, 2, 0]


@pytest.mark.parametrize("symbols", [(), ("a", "b", "a")])
def test_no_symbols_or_a_repeated_one_are_an_error(symbols: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="at least one symbol, and every symbol only once"):
        Vocabulary(symbols)


def test_an_empty_text_has_no_vocabulary() -> None:
    with pytest.raises(DataError, match="at least one symbol"):
        Vocabulary.of("")


def test_unknown_symbols_are_listed_with_their_counts() -> None:
    with pytest.raises(DataError) as caught:
        ELOH.encode("help, pal")
    message = str(caught.value)
    assert "'p' (2×), ',' (1×), ' ' (1×), 'a' (1×);" in message
    assert "; leave them out, or use --unknown skip or replace=C" in message


def test_only_some_unknown_symbols_are_listed() -> None:
    with pytest.raises(DataError) as caught:
        ELOH.encode("abcdfgijkmn")
    assert str(caught.value).count("×") == MAX_LISTED_SYMBOLS
    assert "and 3 more" in str(caught.value)


def test_skip_leaves_out_unknown_symbols() -> None:
    assert ELOH.decode(ELOH.encode("Help!", Unknown("skip"))) == "el"


def test_replace_substitutes_unknown_symbols() -> None:
    assert ELOH.decode(ELOH.encode("Help!", Unknown("replace", "o"))) == "oeloo"


def test_an_unknown_replacement_is_an_error() -> None:
    with pytest.raises(DataError, match="no 'x' to replace others with"):
        ELOH.encode("help", Unknown("replace", "x"))


@pytest.mark.parametrize("policy", [Unknown(), Unknown("skip"), Unknown("replace", "x")])
def test_every_policy_encodes_known_symbols(policy: Unknown) -> None:
    assert ELOH.encode("hello", policy) == [1, 0, 2, 2, 3]


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("error", Unknown("error", "")),
        ("skip", Unknown("skip", "")),
        ("replace=x", Unknown("replace", "x")),
        ("replace==", Unknown("replace", "=")),
        ("replace= ", Unknown("replace", " ")),
    ],
)
def test_parse_reads_a_policy(text: str, policy: Unknown) -> None:
    assert Unknown.parse(text) == policy


@pytest.mark.parametrize("text", ["", "replace", "replace=", "skip=", "error=x", "Skip", "drop"])
def test_other_text_is_not_a_policy(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected error, skip or replace=C$"):
        Unknown.parse(text)


@pytest.mark.parametrize(
    "words", [("typo",), ("replace",), ("replace=?",), ("skip", "x"), ("error", "x"), ("",)]
)
def test_a_policy_is_one_of_three_from_python_too(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^Unknown\(action=.*: expected Unknown\('error'\), "):
        Unknown(*words)


def test_vocabularies_with_the_same_symbols_are_equal() -> None:
    other = Vocabulary(("e", "h", "l", "o"))
    assert other.ids == {"e": 0, "h": 1, "l": 2, "o": 3}
    assert other == ELOH


def test_an_extended_vocabulary_keeps_its_ids_and_its_policy() -> None:
    vocabulary = Vocabulary(("b", "a"), Unknown("skip"))
    extended = vocabulary.extended("acba")
    assert extended.symbols == ("b", "a", "c")
    assert extended.policy == Unknown("skip")


@pytest.mark.parametrize("text", ["error", "skip", "replace=C", "replace=="])
def test_a_policy_is_written_as_it_is_read(text: str) -> None:
    assert str(Unknown.parse(text)) == text
