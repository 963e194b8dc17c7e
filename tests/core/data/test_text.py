"""Decoding of text files: line ends, marks, and the place of what is no text."""

from __future__ import annotations

import pytest

from zoo_core.data.encodings import find_encoding
from zoo_core.data.text import decode_text, text_lines
from zoo_core.errors import DataError


@pytest.mark.parametrize(
    ("data", "encoding", "offset"),
    [
        ("aé\0".encode(), "utf-8", 3),
        ("aé\0".encode("latin-1"), "latin-1", 2),
        ("ab\0".encode("utf-16-le"), "utf-16-le", 4),
    ],
)
def test_the_offset_of_a_nul_is_in_bytes(data: bytes, encoding: str, offset: int) -> None:
    with pytest.raises(DataError, match=f"F is not text: NUL byte at offset {offset}"):
        decode_text(data, "F", encoding)


def test_ascii_with_a_nul_after_each_letter_is_read_as_utf_16() -> None:
    text = "The quick brown fox jumps over the lazy dog, and the dog does not mind it.\n" * 9
    assert find_encoding("F", text.encode()) == "utf-8"
    assert find_encoding("F", text.encode("utf-16-le")).replace("-", "_").startswith("utf_16")


def test_a_form_feed_ends_no_line_and_the_last_line_end_begins_none() -> None:
    assert text_lines("a\fb\nc\n") == ["a\fb", "c"]
    assert text_lines("a\nb") == ["a", "b"]
