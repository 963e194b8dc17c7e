"""Symbols become text up to a text to stop at."""

from __future__ import annotations

import pytest

from zoo_core.data.tokenizer import CHARACTERS, AbstractTokenizer, ByteTokenizer

pytest.importorskip("zoo_serve")
pytestmark = pytest.mark.full


def pieces(text: str, *stops: str, tokenizer: AbstractTokenizer = CHARACTERS) -> list[str]:
    """What each symbol of a text completes, and then the end."""
    from zoo_serve.stops import TextTail

    tail = TextTail(tokenizer, stops)
    return [*map(tail.add, tokenizer.split(text)), tail.end()]


def test_without_stops_every_character_comes_at_once() -> None:
    assert pieces("abc") == ["a", "b", "c", ""]


def test_what_may_begin_a_stop_is_held_until_it_is_decided() -> None:
    assert pieces("xaab", "ab") == ["x", "", "a", "", ""]
    assert pieces("xac", "ab") == ["x", "", "ac", ""]
    assert pieces("xa", "ab") == ["x", "", "a"]


def test_the_first_of_several_stops_ends_the_text() -> None:
    assert "".join(pieces("one two three", "three", "two")) == "one "
    assert "".join(pieces("abcd", "bcd", "abcd")) == ""


def test_a_character_of_several_bytes_comes_when_it_is_whole() -> None:
    assert pieces("aé", tokenizer=ByteTokenizer()) == ["a", "", "é", ""]
    assert "".join(pieces("a→b", "→", tokenizer=ByteTokenizer())) == "a"


def test_a_character_that_never_becomes_whole_is_marked() -> None:
    from zoo_serve.stops import TextTail

    tail = TextTail(ByteTokenizer(), [])
    assert tail.add("<0xC3>") + tail.end() == "\N{REPLACEMENT CHARACTER}"


def test_a_stop_that_begins_as_it_ends_is_found_whole() -> None:
    assert pieces("aba", "aba") == ["", "", "", ""]
    assert "".join(pieces("xabab", "abab")) == "x"
    assert pieces("aab", "aa") == ["", "", "", ""]
    assert pieces("ab", "aa") == ["", "ab", ""]
