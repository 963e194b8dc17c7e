"""Hashes tell contents apart, and errors name what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import IntegrityError
from zoo_core.storage.hashes import FileRecord, sha256_of_fields


def test_the_hash_of_fields_knows_where_each_ends() -> None:
    assert sha256_of_fields([b"ab", b"c"]) != sha256_of_fields([b"a", b"bc"])
    assert sha256_of_fields([b"a", b""]) != sha256_of_fields([b"a"])


def test_the_record_of_parts_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert FileRecord.of_parts([b"a", memoryview(b"bc")]) == FileRecord.of(tmp_path / "a")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"abcd", "4 bytes, the manifest says 3"), (b"abd", "has sha256 .*, the manifest says ba78")],
)
def test_another_file_is_refused_with_both_sizes_or_both_hashes(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(IntegrityError, match=says):
        FileRecord.of_parts([b"abc"]).check_matches(tmp_path / "a", "the manifest")
