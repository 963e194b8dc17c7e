"""Files of the Hub's cache: changed ones are found by the names of their blobs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from zoo_core.runtime.hub.cache import commit_of, is_intact, snapshot_folder
from zoo_core.runtime.hub.client import Commit, RemoteRecord
from zoo_core.storage.hashes import FileRecord, git_hash

COMMIT = Commit("owner/name", "0123456789abcdef0123456789abcdef01234567")


@pytest.mark.parametrize("algorithm", ["sha256", "git"])
def test_a_blob_whose_content_is_not_that_of_its_name_is_changed(
    tmp_path: Path, algorithm: str
) -> None:
    (tmp_path / "file").write_bytes(b"content")
    name = hashlib.sha256(b"content").hexdigest()
    name = name if algorithm == "sha256" else git_hash(tmp_path / "file")
    blob = (tmp_path / "file").rename(tmp_path / name)
    (tmp_path / "link").symlink_to(blob)
    assert is_intact(tmp_path / "link")
    blob.write_bytes(b"consent")
    assert not is_intact(tmp_path / "link")
    blob.unlink()
    assert not is_intact(tmp_path / "link")


def test_a_blob_of_another_name_cannot_be_checked(tmp_path: Path) -> None:
    (tmp_path / "0123").write_bytes(b"content")
    assert is_intact(tmp_path / "0123")


def test_only_the_folder_of_a_snapshot_is_that_of_a_commit() -> None:
    folder = snapshot_folder(COMMIT)
    assert commit_of(folder) == COMMIT
    assert commit_of(folder.parent / "refs" / COMMIT.sha) is None
    assert commit_of(Path("/a/b/c/d")) is None


@pytest.mark.parametrize(
    ("size", "sha256", "difference"),
    [
        (7, "a" * 64, ""),
        (7, "", ""),
        (8, "a" * 64, "has 8 bytes"),
        (7, "b" * 64, f"has sha256 {'b' * 64}"),
    ],
)
def test_a_file_differs_from_its_pin_by_size_or_hash_as_far_as_the_hub_says(
    size: int, sha256: str, difference: str
) -> None:
    record = RemoteRecord(size, sha256, "0" * 40)
    assert record.difference(FileRecord(7, "a" * 64)) == difference
