"""Files of one text that are told apart: the state starts anew with each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from zoo_text import textfile
from zoo_text.configs import TextConfig
from zoo_text.dataset import TextDataset
from zoo_text.textfile import text_file

TEXTS = ("abcab\n", "b", "", "cabcabcabc\n")


@pytest.fixture(params=[False, True], ids=["in memory", "on disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of four files, one of which is empty."""
    if request.param:
        monkeypatch.setattr(textfile, "STORED", 1)
    for number, text in enumerate(TEXTS):
        (tmp_path / f"{number}.txt").write_text(text)
    return tmp_path


def dataset(folder: Path, **settings: Any) -> TextDataset:
    """The files as a dataset without a test split."""
    defaults: dict[str, Any] = {"between_files": "reset", "validation": 0.0, "test": 0.0}
    return text_file(TextConfig(path=(folder,), **(defaults | settings)), None)


def beginnings(data: TextDataset, **arguments: Any) -> list[str]:
    """The text from every mark up to the next one in the batches of an evaluation, with one row."""
    pieces = [""]
    for batch in data.batches("train", 1, seed=0, epoch=0):
        assert batch.resets is not None
        for token, starts in zip(batch.inputs[0].tolist(), batch.resets[0].tolist(), strict=True):
            pieces = [*pieces, ""] if starts else pieces
            pieces[-1] += data.vocabulary.decode([token])
    return pieces


def test_every_file_that_is_not_empty_begins_with_a_mark(folder: Path) -> None:
    assert beginnings(dataset(folder, steps=4)) == ["", "abcab\n", "b\n\n", "cabcabcabc"]


def test_joined_files_have_the_same_symbols_and_no_mark(folder: Path) -> None:
    joined, told_apart = dataset(folder, between_files="join"), dataset(folder)
    assert joined.text == told_apart.text
    assert torch.equal(joined.tokens, told_apart.tokens)
    assert [batch.resets for batch in joined.batches("train", 2, 0, 1)] == [None]
    assert joined.fingerprint != told_apart.fingerprint
    assert dataset(folder).fingerprint == told_apart.fingerprint


def test_rows_of_training_and_random_windows_are_marked_too(folder: Path) -> None:
    for settings in ({}, {"sampling": "random", "steps": 3}):
        data = dataset(folder, **settings)
        starts = {0, 6, 9}
        text = data.text
        for batch in data.batches("train", 2, seed=0, epoch=3):
            assert batch.resets is not None
            assert batch.resets.shape == batch.inputs.shape
            for row, marks in zip(batch.inputs, batch.resets, strict=True):
                window = data.vocabulary.decode(row.tolist())
                marked = [step for step, mark in enumerate(marks.tolist()) if mark]
                places = [place for place in range(len(text)) if text.startswith(window, place)]
                assert marked in [
                    [step for step in range(len(window)) if place + step in starts]
                    for place in places
                ]


def test_no_word_reaches_from_one_file_into_the_next(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("one two\nthree\n")
    (tmp_path / "2.txt").write_text("two one\n")
    data = dataset(tmp_path, tokens="word")
    assert len(beginnings(data)) == 3
    assert (
        "".join(beginnings(data)) + data.vocabulary.decode(data.tokens[-1:].tolist()) == data.text
    )


def test_the_limit_and_lower_case_move_the_marks(folder: Path) -> None:
    (folder / "0.txt").write_text("İa\n")  # a dotted I has two characters in lower case
    text = "i\u0307a\n"
    assert beginnings(dataset(folder, lowercase=True, limit=8))[1:] == [text, "b\n\n"]
