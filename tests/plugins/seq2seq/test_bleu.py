"""BLEU, against values that were computed by hand."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from zoo_seq2seq.bleu import corpus_bleu, corpus_counts, sentence_bleu

THE, CAT, SAT, ON, MAT, A = range(6)


def corpus(*pairs: tuple[list[int], list[int]]) -> float:
    counts: Counter[str] = Counter()
    for translation, reference in pairs:
        counts.update(corpus_counts(translation, reference))
    return corpus_bleu(counts)


def test_an_equal_corpus_has_one_and_one_without_a_group_of_four_zero() -> None:
    text = [THE, CAT, SAT, ON, THE, MAT]
    assert corpus((text, text)) == pytest.approx(1)
    assert corpus(([THE, CAT, SAT], [THE, CAT, SAT])) == 0
    assert corpus(([], [THE])) == 0


def test_bleu_of_a_corpus_is_that_of_all_counts_together() -> None:
    # translation: the the cat sat on a mat; reference: the cat sat on the mat
    translation, reference = [THE, THE, CAT, SAT, ON, A, MAT], [THE, CAT, SAT, ON, THE, MAT]
    # groups that match: 6 of 7 ("the" twice), 3 of 6, 2 of 5, 1 of 4; it is longer: no penalty
    expected = (6 / 7 * 3 / 6 * 2 / 5 * 1 / 4) ** 0.25
    assert corpus((translation, reference)) == pytest.approx(expected, abs=1e-12)
    # with a second pair, "the cat" for "the cat sat": 2 of 2 and 1 of 1 match; lengths 9 and 9
    both = (8 / 9 * 4 / 7 * 2 / 5 * 1 / 4) ** 0.25
    assert corpus((translation, reference), ([THE, CAT], [THE, CAT, SAT])) == pytest.approx(both)


def test_a_short_corpus_is_penalised() -> None:
    reference = [THE, CAT, SAT, ON, THE, MAT]
    expected = math.exp(1 - 6 / 4)  # every group of "the cat sat on" matches
    assert corpus((reference[:4], reference)) == pytest.approx(expected, abs=1e-12)


def test_bleu_of_a_sentence_is_that_of_the_book() -> None:
    # A B B C D for A B C D E F, the book's example: p_1 = 4/5, p_2 = 3/4; 5 symbols for 6
    a, b, c, d, e, f = range(6)
    expected = math.exp(1 - 6 / 5) * (4 / 5) ** 0.5 * (3 / 4) ** 0.25
    assert sentence_bleu([a, b, b, c, d], [a, b, c, d, e, f]) == pytest.approx(expected, abs=1e-12)
    assert sentence_bleu([a, b], [a, b]) == 1
    assert sentence_bleu([], [a]) == 0
    assert sentence_bleu([a], [a, b]) == pytest.approx(math.exp(-1))  # has no group of two
    assert sentence_bleu([b, a], [a, b]) == 0
