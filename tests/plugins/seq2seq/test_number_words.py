"""Numbers in words, each read back by arithmetic that shares nothing with what wrote it."""

from __future__ import annotations

from itertools import chain

import pytest

from zoo_seq2seq.configs import NumberWordsConfig
from zoo_seq2seq.dataset import number_words
from zoo_seq2seq.number_words import french, number_pairs

COUNT = 10_000

ENGLISH = {
    **{"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7},
    **{"eight": 8, "nine": 9},
    **{"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15},
    **{"sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30},
    **{"forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90},
}
FRENCH = {
    **{"zéro": 0, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7},
    **{"huit": 8, "neuf": 9},
    **{"dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16},
    **{"vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60},
}


def read_english(text: str) -> int:
    total = part = 0
    for word in text.split():
        if word == "thousand":
            total, part = total + part * 1000, 0
        elif word == "hundred":
            part *= 100
        else:
            part += ENGLISH[word]
    return total + part


def read_french(text: str) -> int:
    total = part = small = 0
    for word in text.replace(" et ", " ").split():
        if word == "mille":
            total, part, small = max(1, part + small) * 1000, 0, 0
        elif word in ("cent", "cents"):
            part, small = max(1, small) * 100, 0
        elif word in ("vingt", "vingts") and small == 4:
            small = 80
        else:
            small += FRENCH[word]
    return total + part + small


def test_every_number_reads_back() -> None:
    pairs = number_pairs(COUNT)
    assert len(pairs) == COUNT
    assert [read_english(source) for source, _ in pairs] == list(range(1, COUNT + 1))
    assert [read_french(target) for _, target in pairs] == list(range(1, COUNT + 1))
    assert len({target for _, target in pairs}) == COUNT


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "zéro"),
        (16, "seize"),
        (17, "dix sept"),
        (21, "vingt et un"),
        (22, "vingt deux"),
        (61, "soixante et un"),
        (70, "soixante dix"),
        (71, "soixante et onze"),
        (77, "soixante dix sept"),
        (80, "quatre vingts"),
        (81, "quatre vingt un"),
        (90, "quatre vingt dix"),
        (91, "quatre vingt onze"),
        (99, "quatre vingt dix neuf"),
        (100, "cent"),
        (101, "cent un"),
        (180, "cent quatre vingts"),
        (200, "deux cents"),
        (201, "deux cent un"),
        (1000, "mille"),
        (1100, "mille cent"),
        (2000, "deux mille"),
        (2200, "deux mille deux cents"),
        (9999, "neuf mille neuf cent quatre vingt dix neuf"),
        (10000, "dix mille"),
    ],
)
def test_french_follows_its_rules(number: int, expected: str) -> None:
    assert french(number) == expected


def test_english_has_no_and() -> None:
    pairs = number_pairs(COUNT)
    assert pairs[4280][0] == "four thousand two hundred eighty one"
    assert pairs[19][0] == "twenty"
    assert pairs[-1][0] == "ten thousand"


def test_the_splits_have_the_documented_counts_and_share_no_number() -> None:
    dataset = number_words(NumberWordsConfig(), None)
    rows = dataset.split_rows
    assert {split: len(rows[split]) for split in dataset.splits} == {
        "train": 8000,
        "validation": 1000,
        "test": 1000,
    }
    assert sorted(chain(*rows.values())) == list(range(COUNT))
    assert (len(dataset.source_vocabulary), len(dataset.vocabulary)) == (4 + 29, 4 + 26)
