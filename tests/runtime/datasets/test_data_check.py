"""Checking a dataset: what it counts, and what it finds suspicious."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import zoo_core
from zoo_core.runtime.datasets.data_check import DataReport

LETTERS = "abcdefghijklmnopqrst"


def report(path: Path, rows: list[tuple[str, str]]) -> DataReport:
    """Checks a table of texts with labels."""
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return zoo_core.check_data("labelled", {"dataset": {"path": path}})


def distinct(count: int) -> list[tuple[str, str]]:
    """Returns rows that differ, with two labels in turn."""
    pairs = [first + second for first in LETTERS for second in LETTERS]
    return [(text, "even" if number % 2 else "odd") for number, text in enumerate(pairs[:count])]


def test_a_clean_table_is_counted_and_not_suspicious(tmp_path: Path) -> None:
    found = report(tmp_path / "rows.csv", distinct(200))
    train = found.splits["train"]
    assert sum(split.rows for split in found.splits.values()) == 200
    assert train.steps == (2, 2.0, 2)
    assert train.targets == train.rows == sum(train.classes.values())
    assert set(train.classes) == {"even", "odd"}
    assert (train.duplicates, train.conflicts, train.unknown, train.not_finite) == (0, 0, 0.0, 0)
    assert found.vocabulary == len(LETTERS)
    assert found.suspicions == []


def test_rows_that_occur_often_are_duplicates(tmp_path: Path) -> None:
    found = report(tmp_path / "rows.csv", distinct(100) + [("ab", "even")] * 100)
    assert sum(split.duplicates for split in found.splits.values()) == 100
    assert any("repeat another one" in line for line in found.suspicions)
    assert not any("in train too" in line for line in found.suspicions)  # equal texts stay together


def test_rows_are_duplicates_whatever_their_padding(tmp_path: Path) -> None:
    rows = [("ab", "even")] * 100
    for number in range(9):
        rows.insert(10 * number, ("b" * (20 + number), "odd"))
    found = report(tmp_path / "rows.csv", rows)
    assert sum(split.duplicates for split in found.splits.values()) == 99


def test_windows_of_a_text_that_repeats_itself_are_in_two_splits(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("abcdefgh" * 1000)
    found = zoo_core.check_data("text", {"dataset": {"path": path, "steps": 16}})
    validation = found.splits["validation"]
    assert validation.overlap >= 0.9 * validation.rows
    assert any("of validation are in train too" in line for line in found.suspicions)


def test_the_short_ends_of_a_text_repeat_by_chance_and_are_not_suspicious(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    letters = random.Random(0)
    path.write_text("".join(letters.choice("abcd") for _ in range(42_240)))
    found = zoo_core.check_data("text", {"dataset": {"path": path, "steps": 16}})
    assert all(split.steps[0] < 4 for split in found.splits.values())
    assert all(split.duplicates == split.overlap == 0 for split in found.splits.values())
    assert found.suspicions == []


def test_equal_texts_with_other_labels_are_suspicious(tmp_path: Path) -> None:
    rows = distinct(100)
    other = [(text, "odd" if label == "even" else "even") for text, label in rows]
    found = report(tmp_path / "rows.csv", rows + other)
    assert found.splits["train"].conflicts > 10
    assert any("same inputs and other labels" in line for line in found.suspicions)


def test_one_label_of_nearly_all_rows_is_suspicious(tmp_path: Path) -> None:
    rows = [
        (text, "rare" if number % 20 == 0 else "common")
        for number, (text, _) in enumerate(distinct(200))
    ]
    assert any(
        "of the labels are 'common'" in line for line in report(tmp_path / "a.csv", rows).suspicions
    )


def test_one_long_row_among_short_ones_is_padding(tmp_path: Path) -> None:
    rows = [("a" * (400 + number), label) for number, (_, label) in enumerate(distinct(40))]
    found = report(tmp_path / "rows.csv", distinct(360) + rows)
    assert any("of the steps are padding" in line for line in found.suspicions)


@pytest.mark.parametrize("name", ["hello", "requests", "dates"])
def test_datasets_of_ours_are_not_suspicious(name: str) -> None:
    found = zoo_core.check_data(name)
    assert found.suspicions == []
    assert found.sample
