"""Files that people write: UTF-8, or an error with the place and the remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zoo_core.storage.utf8 import read_utf8


@pytest.mark.parametrize("data", ["é\nb\n".encode(), "\ufeffé\nb\n".encode(), "é\r\nb\r".encode()])
def test_a_mark_and_the_line_ends_of_another_system_are_no_part_of_the_text(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    assert read_utf8(tmp_path / "a.toml") == "é\nb\n"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("name = 'café'".encode("latin-1"), "byte 0xe9 at offset 11"),
        ("a".encode("utf-16"), "byte 0xff at offset 0"),
    ],
)
def test_another_encoding_is_named_by_its_place_with_the_remedy(
    tmp_path: Path, data: bytes, place: str
) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    with pytest.raises(ValueError, match=re.escape(f"not UTF-8: {place}; save it as UTF-8")):
        read_utf8(tmp_path / "a.toml")
