"""``zoo data``: what is kept, and removing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_core.storage.caches import SCANS
from zoo_core.storage.locations import data_folder, encoded_folder


@pytest.fixture
def kept() -> Path:
    """Keeps an encoded text and a download."""
    folder = encoded_folder() / "0123" / "tokens-4567"
    folder.mkdir(parents=True)
    (folder / "about.json").write_text('{"files": ["novel.txt"], "tokens": "word"}')
    (folder / "tokens").write_bytes(bytes(1000))
    (data_folder() / "book.txt").write_bytes(bytes(500))
    return folder


def test_what_is_kept_is_listed(zoo: Zoo, kept: Path) -> None:
    assert "novel.txt as word" in zoo("data").stdout
    encoded, download = zoo("data", "--json").json
    assert (encoded["kind"], encoded["size"]) == ("encoded text", 1042)
    assert (download["name"], download["kind"], download["size"]) == ("book.txt", "download", 500)


def test_hashes_of_files_are_no_text_and_are_removed_with_them(zoo: Zoo, kept: Path) -> None:
    hashes = encoded_folder() / SCANS
    hashes.mkdir()
    (hashes / "0123.json").write_bytes(bytes(100))
    assert "(hashes of all files)  hashes" in zoo("data").stdout
    (caches,) = [row for row in zoo("doctor", "--json").json if row["subject"] == "caches"]
    assert caches["said"].startswith("1 encoded text, 1 download: 1.64 kB in ")
    assert zoo("data", "remove", "--yes").stdout == "removed 1.14 kB\n"
    assert not hashes.exists()


def test_nothing_kept_is_said(zoo: Zoo) -> None:
    assert "nothing is kept in " in zoo("data").stderr
    assert zoo("data", "--json").json == []
    assert zoo("data", "remove", "--yes").stdout == "nothing to remove\n"


def test_encoded_texts_are_removed_and_downloads_stay(zoo: Zoo, kept: Path) -> None:
    removed = zoo("data", "remove", "--yes")
    assert (removed.code, removed.stdout) == (0, "removed 1.04 kB\n")
    assert not kept.exists()
    assert (data_folder() / "book.txt").exists()
    assert zoo("data", "remove", "--downloads", "--yes", "--json").json == {
        "removed": 1,
        "size": 500,
    }
    assert not (data_folder() / "book.txt").exists()


def test_removal_asks_first(zoo: Zoo, kept: Path) -> None:
    asked = zoo("data", "remove")
    assert asked.code == 6
    assert "novel.txt as word, 1.04 kB" in asked.stderr
    assert "add --yes" in asked.stderr
    assert kept.exists()


def test_doctor_shows_the_size_of_what_is_kept(zoo: Zoo, kept: Path) -> None:
    (caches,) = [row for row in zoo("doctor", "--json").json if row["subject"] == "caches"]
    assert caches["facts"]["size"] == 1542
    assert caches["said"].startswith("1 encoded text, 1 download: 1.54 kB in ")
