"""Any text file as a dataset."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from zoo_core import Vocabulary
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.nearest import nearest_recipe
from zoo_core.recipes.resolve import resolve_run
from zoo_text.configs import TextConfig
from zoo_text.dataset import TextDataset
from zoo_text.files import find_files
from zoo_text.textfile import text_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some text.txt"


def dataset(path: Path, **settings: Any) -> TextDataset:
    """Returns the file as a dataset."""
    return text_file(TextConfig(path=(path,), **settings), None)


def test_a_byte_order_mark_is_removed(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfabc\n")
    assert dataset(path).text == "abc\n"


def test_every_line_ends_with_a_newline_character(path: Path) -> None:
    path.write_bytes(b"one\r\ntwo\rthree\n\r\n")
    assert dataset(path).text == "one\ntwo\nthree\n\n"


def test_line_ends_do_not_change_the_fingerprint(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    path.write_bytes(b"one\r\ntwo\r\n")
    other.write_bytes(b"one\ntwo\n")
    assert dataset(path).fingerprint == dataset(other).fingerprint


def test_invalid_bytes_are_an_error_with_their_offset(path: Path) -> None:
    path.write_bytes("Grüße ".encode() + b"\xff and more")
    with pytest.raises(DataError, match=r"is not utf-8: byte 0xff at offset 8; .*--dataset\.enc"):
        _ = dataset(path).text


CHINESE = "我們在這裡說話的時候，他們已經來到了國家的門口。\n"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf_16"])
def test_the_likely_encoding_is_named(path: Path, encoding: str) -> None:
    path.write_bytes((CHINESE * 10).encode(encoding))
    with pytest.raises(
        DataError, match=rf"--dataset\.encoding, likely {encoding}, or save it as UTF-8$"
    ):
        _ = dataset(path, encoding="utf-8").text


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("gb18030", "is read as gb18030, which it looks like; --dataset.encoding sets another"),
        ("big5", "is read as big5, which it looks like; --dataset.encoding sets another"),
        ("utf-16", "is UTF-16, as its byte order mark says"),
        ("utf-32", "is UTF-32, as its byte order mark says"),
        ("utf-8-sig", ""),
    ],
)
@pytest.mark.parametrize("repeats", [10, 9000])
def test_an_encoding_that_few_bytes_fit_is_found_and_said(
    path: Path, caplog: pytest.LogCaptureFixture, encoding: str, message: str, repeats: int
) -> None:
    caplog.set_level("INFO")
    path.write_bytes((CHINESE * repeats).encode(encoding))
    assert dataset(path).text == CHINESE * repeats
    assert [line for line in caplog.messages if "reading" not in line] == (
        [f"{path} {message}"] if message else []
    )


def test_an_encoding_that_every_byte_fits_is_not_guessed(path: Path) -> None:
    path.write_bytes(("Die Straße überquert größere Flüsse schön. " * 20).encode("latin-1"))
    with pytest.raises(DataError, match=r"is not utf-8: byte 0xdf at offset 8; name another"):
        _ = dataset(path).text


def test_a_folder_is_all_its_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name, text in [("b/1.txt", "two"), ("a.txt", "one\n"), (".x", "no"), ("c.md", "three")]:
        (tmp_path / name).write_text(text)
    assert dataset(tmp_path).text == "one\ntwo\nthree"
    assert dataset(tmp_path / "*.txt").text == "one\n"
    assert dataset(tmp_path / "**" / "*.txt").text == "one\ntwo"
    both = text_file(TextConfig(path=(tmp_path / "c.md", tmp_path / "a.txt")), None)
    assert both.text == "three\none\n"
    assert both.name.endswith("c.md and 1 more")


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    for name in ("a[1].txt", "a1.txt"):
        (tmp_path / name).write_text(name)
    assert find_files([tmp_path / "a[1].txt"]) == [tmp_path / "a[1].txt"]
    assert find_files([tmp_path / "a[0-9].txt"]) == [tmp_path / "a1.txt"]


def test_a_pattern_without_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file matches .*\*\.txt; name another"):
        _ = dataset(tmp_path / "*.txt").text


def test_no_encoding_is_likely_for_random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(5000))
    with pytest.raises(DataError, match=r"--dataset\.encoding or save it as UTF-8$"):
        _ = dataset(path).text


def test_another_encoding_can_be_chosen(path: Path) -> None:
    path.write_bytes("Grüße".encode("latin-1"))
    assert dataset(path, encoding="latin-1").text == "Grüße"


def test_an_unknown_encoding_is_an_error(path: Path) -> None:
    path.write_bytes(b"abc")
    with pytest.raises(DataError, match="no encoding 'klingon'; try utf-8 or latin-1"):
        _ = dataset(path, encoding="klingon").text


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex"])
def test_a_codec_that_does_not_decode_to_text_is_an_error(path: Path, encoding: str) -> None:
    path.write_bytes(b"abcd")
    with pytest.raises(DataError, match=f"no encoding '{encoding}'"):
        _ = dataset(path, encoding=encoding).text


@pytest.mark.parametrize("encoding", ["undefined", "utf\0"])
def test_a_codec_that_reports_no_position_is_an_error(path: Path, encoding: str) -> None:
    path.write_bytes(b"abcd")
    with pytest.raises(DataError, match="encoding"):
        _ = dataset(path, encoding=encoding).text


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*some text\.txt: No such file"):
        _ = dataset(path).text


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no file; name another --dataset\.path"):
        _ = dataset(tmp_path).text


@pytest.mark.parametrize(
    ("limit", "text"), [(3, "aüb"), (1, "a"), (99, "aüb\nc"), (None, "aüb\nc")]
)
def test_a_limit_counts_characters(path: Path, limit: int | None, text: str) -> None:
    path.write_bytes("aüb\r\nc".encode())
    assert dataset(path, limit=limit).text == text


def test_an_empty_file_is_named(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"some text\.txt: the text is empty"):
        _ = dataset(path).signature


def test_the_file_is_read_when_it_is_first_needed(path: Path) -> None:
    text = dataset(path)
    path.write_text("abab")
    assert text.vocabulary.symbols == ("a", "b")


def test_with_a_vocabulary_the_file_is_not_needed(path: Path) -> None:
    text = text_file(TextConfig(path=(path,)), Vocabulary(("a", "b")))
    assert text.encode("ab").inputs.tolist() == [[0, 1]]


@pytest.mark.parametrize("model", ["lstm-embed", "gru-embed", "rnn-embed"])
def test_the_recipe_of_prose_is_nearer_to_a_text_than_one_of_a_toy(model: str) -> None:
    catalog = load_catalog()
    run_config = resolve_run(catalog, model, dataset="text").run_config(
        {"dataset": {"path": "mine.txt"}}
    )
    assert nearest_recipe(catalog, run_config) == f"{model}.python-docs"
