"""Sums of two numbers as text."""

from __future__ import annotations

from typing import final

import pytest
import torch

from zoo_core.errors import DataError
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch, Output, State
from zoo_text.addition import AdditionDataset, pair_count
from zoo_text.configs import AdditionConfig


def of(**settings: object) -> AdditionDataset:
    return AdditionDataset(AdditionConfig(**settings), None)  # type: ignore[arg-type]


def questions(dataset: AdditionDataset, split: str) -> set[frozenset[str]]:
    """The numbers that are added in a split, in no order."""
    texts = [dataset.vocabulary.decode(row.tolist()) for row in dataset.rows(split).inputs]
    return {frozenset(text.partition("=")[0].split("+")) for text in texts}


def test_5000_sums_of_13_symbols_are_split_4000_500_500() -> None:
    dataset = of()
    assert len(dataset.vocabulary) == 13
    assert [len(dataset.rows(split)) for split in dataset.splits] == [4_000, 500, 500]


def test_no_two_splits_share_a_sum_even_exchanged() -> None:
    dataset = of()
    together = [questions(dataset, split) for split in dataset.splits]
    assert len(set.union(*together)) == sum(map(len, together)) == 5_000


@pytest.mark.parametrize(("digits", "pairs"), [(1, 55), (2, 5_050), (3, 500_500)])
def test_pairs_are_counted_once_in_either_order(digits: int, pairs: int) -> None:
    assert pair_count(digits) == pairs


def test_all_pairs_of_one_digit_are_drawn_and_added_right() -> None:
    sums = of(digits=1, examples=55).sums
    numbers = [[int(number) for number in question.split("+")] for question, _ in sums]
    assert {tuple(sorted(pair)) for pair in numbers} == {
        (first, second) for second in range(10) for first in range(second + 1)
    }
    assert [str(sum(pair)) for pair in numbers] == [answer for _, answer in sums]
    assert any(first < second for first, second in numbers)
    assert any(first > second for first, second in numbers)


def test_numbers_have_the_stated_digits_at_most() -> None:
    sums = of(digits=9, examples=100).sums
    lengths = [len(number) for question, _ in sums for number in question.split("+")]
    assert max(lengths) == 9


def test_a_seed_decides_which_sums_are_drawn() -> None:
    dataset = of()
    assert dataset.sums == of().sums
    assert dataset.sums[:2] == [("78+74", "152"), ("42+82", "124")]
    assert dataset.fingerprint == of().fingerprint
    assert dataset.fingerprint != of(seed=1).fingerprint
    assert dataset.fingerprint != of(reversed="answer").fingerprint


@pytest.mark.parametrize(
    ("turned", "text"),
    [("none", "12+7=19"), ("question", "7+21=19"), ("answer", "12+7=91")],
)
def test_the_question_or_the_answer_is_read_from_its_end(turned: str, text: str) -> None:
    dataset = of(reversed=turned)
    dataset.sums = [("12+7", "19")] * 10
    rows = dataset.rows("train")
    ids = dataset.vocabulary.ids
    assert dataset.vocabulary.decode(rows.inputs[0].tolist()) == text
    labels = [*[IGNORED] * 4, ids[text[-2]], ids[text[-1]], ids["<end>"]]
    assert rows.targets[0].tolist() == labels
    typed = dataset.encode(" 12 + 7 =").inputs
    assert typed.tolist() == [dataset.vocabulary.encode(text[:5])]


def test_symbols_after_the_end_are_left_out() -> None:
    dataset = of()
    ids = dataset.vocabulary.encode(["1", "9", "<end>", "3"])
    logits = torch.eye(len(dataset.vocabulary))[ids].unsqueeze(0)
    assert dataset.decode(Output(logits, None)) == "19"


@final
class Writer(AbstractModel):
    """A causal model without state that writes a text."""

    causal, carries_state = True, False

    def __init__(self, dataset: AdditionDataset, text: str) -> None:
        super().__init__(dataset.signature)
        self.ids = dataset.vocabulary.encode(text)
        self.written = 0

    def initial_state(self, batch_size: int) -> None:
        """Returns None."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Returns logits whose likeliest symbol is the next one of the text."""
        logits = torch.zeros(*batch.inputs.shape, self.signature.outputs.width)
        logits[0, -1, self.ids[self.written]] = 1.0
        self.written += 1
        return Output(logits, None)


@pytest.mark.parametrize(("reversed", "written"), [("none", "1983"), ("answer", "8913")])
def test_an_answer_has_a_digit_more_than_its_numbers_at_most(reversed: str, written: str) -> None:
    dataset = of(digits=2, reversed=reversed)
    batch = dataset.encode("99+99=")
    assert dataset.answer(Writer(dataset, written), batch) == "198"


def test_more_sums_than_there_are_pairs_are_an_error_with_a_remedy() -> None:
    with pytest.raises(
        DataError, match=r"5,050 pairs of numbers for --dataset.digits 2, and 5,051"
    ):
        of(examples=5_051)


@pytest.mark.parametrize("typed", ["", "=", " "])
def test_an_empty_question_is_an_error(typed: str) -> None:
    with pytest.raises(DataError, match="an empty input"):
        of().encode(typed)


def test_another_sign_is_an_error() -> None:
    with pytest.raises(DataError, match=r"lacks: '-' \(1×\)"):
        of().encode("12-7")
