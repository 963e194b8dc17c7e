"""The vocabulary: symbols to ids and back, and symbols it lacks."""

from __future__ import annotations

import pytest

from zoo_core.data.vocabulary import SHOWN, Unknown, Vocabulary
from zoo_core.errors import ConfigError, DataError

ELOH = Vocabulary.of("hello")


def test_the_symbols_of_a_text_are_sorted_and_once_each() -> None:
    assert ELOH.symbols == ("e", "h", "l", "o")
    assert len(ELOH) == 4


@pytest.mark.parametrize("text", ["hello", "", "a\u0303 ✓𝄞\n\t", "\0 \x7f"])
def test_text_comes_back_from_its_ids(text: str) -> None:
    vocabulary = Vocabulary.of(text + "others")
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_ids_count_from_nought_in_the_order_of_the_symbols() -> None:
    assert Vocabulary(("z", "a", "m")).encode("amz") == [1, 2, 0]


@pytest.mark.parametrize("symbols", [(), ("a", "b", "a")])
def test_no_symbols_or_one_twice_are_refused(symbols: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="at least one symbol, and each only once"):
        Vocabulary(symbols)


def test_an_empty_text_makes_no_vocabulary() -> None:
    with pytest.raises(DataError, match="at least one symbol"):
        Vocabulary.of("")


def test_unknown_symbols_are_listed_with_how_often() -> None:
    with pytest.raises(DataError) as caught:
        ELOH.encode("help, pal")
    said = str(caught.value)
    assert "'p' (2×), ',' (1×), ' ' (1×), 'a' (1×);" in said
    assert "; leave them out, or where a command has it --unknown skip" in said


def test_no_more_than_a_few_unknown_symbols_are_listed() -> None:
    with pytest.raises(DataError) as caught:
        ELOH.encode("abcdfgijkmn")
    assert str(caught.value).count("×") == SHOWN
    assert "and 3 more" in str(caught.value)


def test_unknown_symbols_are_skipped_if_so_asked() -> None:
    assert ELOH.decode(ELOH.encode("Help!", Unknown("skip"))) == "el"


def test_unknown_symbols_are_replaced_if_so_asked() -> None:
    assert ELOH.decode(ELOH.encode("Help!", Unknown("replace", "o"))) == "oeloo"


def test_a_replacement_must_be_known() -> None:
    with pytest.raises(DataError, match="no 'x' to replace others with"):
        ELOH.encode("help", Unknown("replace", "x"))


@pytest.mark.parametrize("policy", [Unknown(), Unknown("skip"), Unknown("replace", "x")])
def test_the_policy_does_not_matter_where_every_symbol_is_known(policy: Unknown) -> None:
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
def test_a_policy_is_read(text: str, policy: Unknown) -> None:
    assert Unknown.parse(text) == policy


@pytest.mark.parametrize("text", ["", "replace", "replace=", "skip=", "error=x", "Skip", "drop"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected error, skip or replace=C$"):
        Unknown.parse(text)


def test_vocabularies_of_the_same_symbols_are_equal() -> None:
    other = Vocabulary(("e", "h", "l", "o"))
    assert other.ids == {"e": 0, "h": 1, "l": 2, "o": 3}
    assert other == ELOH
