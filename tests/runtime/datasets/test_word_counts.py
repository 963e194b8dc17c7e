"""Counting words of which not all fit into memory."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from zoo_core.errors import TargetError
from zoo_core.runtime.datasets import word_counts
from zoo_core.runtime.datasets.word_counts import frequent_words

STRANGE = [" tab\t", "line\nend", "\\n", "漢", "\U0001f469", "\ud800", "é", "'", ""]


def texts() -> list[list[str]]:
    """Returns texts of many words, some of them strange."""
    draw = random.Random(0)
    known = STRANGE + [f" word{number}" for number in range(300)]
    return [
        [known[int(draw.paretovariate(0.5)) % len(known)] for _ in range(50)] for _ in range(60)
    ]


@pytest.mark.parametrize(("most", "min_count"), [(None, 1), (None, 3), (20, 1), (500, 4)])
def test_counts_are_exact_however_few_words_are_held(
    monkeypatch: pytest.MonkeyPatch, most: int | None, min_count: int
) -> None:
    counts = Counter(word for text in texts() for word in text)
    expected = [word for word, count in counts.items() if count >= min_count]
    expected = sorted(expected, key=lambda word: (-counts[word], word))[:most]
    assert frequent_words(texts(), most, min_count) == expected
    monkeypatch.setattr(word_counts, "HELD_WORDS", 10)
    monkeypatch.setattr(word_counts, "MAX_FILES", 3)
    assert frequent_words(texts(), most, min_count) == expected


def test_no_room_for_counts_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(word_counts, "HELD_WORDS", 10)
    with pytest.raises(TargetError, match=r"cannot write .*encoded: Not a directory"):
        frequent_words(texts(), None, 1)
