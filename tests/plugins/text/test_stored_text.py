"""Texts of files whose ids are kept on disk."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from zoo_core.errors import DataError, TargetError
from zoo_core.storage.locations import encoded_folder
from zoo_text.configs import AbstractTextConfig
from zoo_text.dataset import TextDataset
from zoo_text.prepared_text import MemoryText
from zoo_text.stored_text import StoredText

TEXT = "Grüße, old world; 我們 here e\u0301 👩\u200d👧.\r\nA second line\n" * 30 + "unseen words"
PREPARED = TEXT.replace("\r\n", "\n")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads and encodes little at once."""
    monkeypatch.setattr("zoo_text.files.READ_BYTES", 77)
    monkeypatch.setattr("zoo_text.files.SAMPLE_BYTES", 50)
    monkeypatch.setattr("zoo_text.encoding.PIECE", 100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the text."""
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode())
    return path


def stored(path: Path, encoding: str = "auto", **settings: Any) -> TextDataset:
    """Returns a file as a text whose ids are kept."""
    config = AbstractTextConfig(**settings)
    text = StoredText(str(path), config, [path], encoding)
    return TextDataset(str(path), config, lambda: text, None)


def no_reading(*_: object) -> Iterator[NoReturn]:
    """Fails where a file would be read."""
    raise AssertionError("the text is read")


def kept(pattern: str) -> list[Path]:
    """Returns what lies below the folder of encoded texts."""
    return sorted(encoded_folder().rglob(pattern))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tokens": "byte"},
        {"tokens": "word", "min_count": 2},
        {"tokens": "word", "limit": 700, "lowercase": True},
        {"limit": 333},
        {"tokens": "word", "split": "random", "sampling": "random"},
    ],
    ids=str,
)
def test_a_kept_text_is_as_one_in_memory(path: Path, settings: dict[str, Any]) -> None:
    config = AbstractTextConfig(**settings)
    expected = TextDataset("text", config, lambda: MemoryText("text", config, PREPARED), None)
    for dataset in (stored(path, **settings), stored(path, **settings)):
        assert dataset.text == expected.text
        assert dataset.fingerprint == expected.fingerprint
        assert dataset.vocabulary == expected.vocabulary
        assert dataset.example == expected.example
        assert dataset.tokens.tolist() == expected.tokens.tolist()
        for split in dataset.splits:
            assert dataset.split_tokens(split).tolist() == expected.split_tokens(split).tolist()
        for batch, other in zip(
            dataset.batches("train", 2, 0, 1), expected.batches("train", 2, 0, 1), strict=True
        ):
            assert batch.inputs.dtype == other.inputs.dtype
            assert batch.inputs.equal(other.inputs)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "utf-8-sig", "unicode_escape"])
def test_a_stream_is_decoded_as_a_whole_is(path: Path, encoding: str) -> None:
    path.write_bytes(TEXT.encode(encoding))
    assert stored(path, encoding).text == PREPARED


def test_an_undecodable_byte_of_a_stream_has_its_offset(path: Path) -> None:
    path.write_bytes(TEXT.encode() + b"\xff and more")
    offset = len(TEXT.encode())
    with pytest.raises(DataError, match=f"is not utf-8: byte 0xff at offset {offset}; name"):
        _ = stored(path, "utf-8").fingerprint
    path.write_bytes(TEXT.encode() + b"\0")
    with pytest.raises(DataError, match=f"is not text: NUL byte at offset {offset}; name"):
        _ = stored(path, "utf-8").fingerprint


@pytest.mark.parametrize("tokens", ["char", "word"])
def test_a_known_text_is_not_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, tokens: str
) -> None:
    first = stored(path, tokens=tokens)
    expected = first.tokens.tolist()
    monkeypatch.setattr("zoo_text.stored_text.read_files", no_reading)
    again = stored(path, tokens=tokens)
    assert again.tokens.tolist() == expected
    assert (again.fingerprint, again.vocabulary) == (first.fingerprint, first.vocabulary)
    given = TextDataset("text", again.config, lambda: again._text, first.vocabulary)
    assert given.tokens.tolist() == expected
    again.read_again()
    with pytest.raises(AssertionError, match="the text is read"):
        _ = again.fingerprint


def test_a_text_that_changed_is_read_again(path: Path) -> None:
    first = stored(path)
    before = first.fingerprint
    path.write_bytes(TEXT.encode() + b"more")
    assert stored(path).fingerprint != before
    path.write_bytes(TEXT.encode())
    os.utime(path, ns=(1, 1))
    assert stored(path).fingerprint == before


def test_the_same_text_elsewhere_has_the_same_ids(path: Path, tmp_path: Path) -> None:
    _ = stored(path).tokens
    copy = shutil.copy(path, tmp_path / "copy.txt")
    _ = stored(Path(copy)).tokens
    assert len(kept("about.json")) == 1
    assert len(kept("scans/*.json")) == 2


def test_an_interrupted_encoding_starts_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = stored(path)
    with monkeypatch.context() as patch:
        patch.setattr("zoo_text.stored_text.splits_of", no_reading)
        patch.setattr("zoo_text.encoding.Encoder.encode", no_reading)
        with pytest.raises(AssertionError):
            _ = dataset.tokens
    assert not kept("about.json")
    assert not kept(".*.tmp")
    expected = dataset.tokens.tolist()
    (folder,) = [about.parent for about in kept("about.json")]
    left = folder.rename(folder.with_name(f".{folder.name}.01234567.tmp"))  # as kill -9 leaves it
    assert stored(path).tokens.tolist() == expected
    assert not left.exists()


def test_a_full_disk_is_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = stored(path)

    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("zoo_text.encoding.Encoder.encode", full)
    with pytest.raises(TargetError, match=r"cannot write .*: No space left .*zoo data remove"):
        _ = dataset.tokens
    assert not kept(".*.tmp")


def test_an_empty_text_is_named(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"text\.txt: the text is empty"):
        _ = stored(path).fingerprint
