"""What a function has written is on the disk when it returns: files and their folders are synced.

The functions are called with a recorder in the place of ``os.fsync``, which tells what would
survive a power cut.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.storage.atomic import (
    append_file,
    make_folder,
    new_folder,
    truncate_file,
    write_file,
    write_files,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are named by /proc")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths that were synced, in order, as they were called then."""
    paths: list[Path] = []

    def record(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", record)
    return paths


def _append(folder: Path) -> None:
    append_file(folder / "new", b"row\n")


def _make(folder: Path) -> None:
    make_folder(folder / "a" / "b")


def _replace(folder: Path) -> None:
    write_file(folder / "new", b"content")


def _replace_several(folder: Path) -> None:
    write_files({folder / "new": b"content", folder / "other": b"content"})


def _fill(folder: Path) -> None:
    with new_folder(folder / "new"):
        pass


@pytest.mark.parametrize("write", [_append, _make, _replace, _replace_several, _fill])
def test_the_folder_of_a_new_entry_is_synced_last(
    tmp_path: Path, synced: list[Path], write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    assert tmp_path in synced
    assert synced[-1].is_dir()


def test_the_folder_of_every_new_folder_is_synced(tmp_path: Path, synced: list[Path]) -> None:
    make_folder(tmp_path / "a" / "b")
    assert {tmp_path, tmp_path / "a"} <= set(synced)


def test_rows_that_are_appended_to_a_file_are_synced(tmp_path: Path, synced: list[Path]) -> None:
    (tmp_path / "rows").write_bytes(b"first\n")
    append_file(tmp_path / "rows", b"second\n")
    assert synced == [tmp_path / "rows"]


def test_a_file_that_is_shortened_is_synced(tmp_path: Path, synced: list[Path]) -> None:
    (tmp_path / "rows").write_bytes(b"first\nsecond\n")
    truncate_file(tmp_path / "rows", 6)
    assert (tmp_path / "rows").read_bytes() == b"first\n"
    assert synced == [tmp_path / "rows"]


def test_a_file_is_synced_before_it_takes_its_place(tmp_path: Path, synced: list[Path]) -> None:
    write_file(tmp_path / "a", b"content")
    file, folder = synced
    assert file.parent == tmp_path
    assert file.name.startswith(".a.")
    assert folder == tmp_path
