"""What is kept and can be made or downloaded again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zoo_core.storage.caches import list_caches, remove_caches
from zoo_core.storage.locations import data_folder, encoded_folder


def _encoded(name: str, *parts: dict[str, object]) -> Path:
    """Makes the folder of an encoded text; a part is what its tokens are said to be."""
    folder = encoded_folder() / name
    for number, about in enumerate(parts):
        (folder / f"tokens-{number}").mkdir(parents=True)
        (folder / f"tokens-{number}" / "about.json").write_text(json.dumps(about))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        (["a.txt", "b.txt", "c.txt"], "a.txt, b.txt, c.txt"),
        (["a.txt", "b.txt", "c.txt", "d.txt"], "a.txt, b.txt, c.txt"),
    ],
)
def test_a_text_is_named_by_its_first_files_and_its_kinds_of_tokens(
    files: list[str], shown: str
) -> None:
    _encoded("01", {"files": files, "tokens": "word"}, {"files": files, "tokens": "bpe"})
    assert [cache.name for cache in list_caches()] == [f"{shown} as word, bpe"]


def test_a_text_that_says_nothing_of_itself_is_unfinished() -> None:
    _encoded("01")
    _encoded("02", {"tokens": "word"})
    assert [cache.name for cache in list_caches()] == ["(unfinished)", "(unfinished)"]


def test_texts_come_before_downloads_and_locks_are_neither() -> None:
    _encoded("01", {"files": ["z.txt"], "tokens": "word"})
    (encoded_folder() / ".01.lock").touch()
    (data_folder() / "a.txt").write_bytes(bytes(7))
    (data_folder() / ".a.txt.lock").touch()
    (data_folder() / "b").mkdir()
    (data_folder() / "b" / "c.txt").write_bytes(bytes(9))
    (data_folder() / "link.txt").symlink_to(data_folder() / "a.txt")
    found = [(cache.name, cache.kind) for cache in list_caches()]
    assert found[0] == ("z.txt as word", "encoded text")
    assert found[1:] == [("a.txt", "download"), ("b", "download"), ("link.txt", "download")]
    assert [cache.size for cache in list_caches()][1:3] == [7, 9]


def test_files_and_folders_are_removed_and_what_is_gone_is_no_error() -> None:
    _encoded("01", {"files": ["z.txt"], "tokens": "word"})
    (data_folder() / "a.txt").write_bytes(bytes(7))
    caches = list_caches()
    caches[1].path.unlink()
    remove_caches(caches)
    assert list_caches() == []
