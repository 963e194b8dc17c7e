"""The whole numbers in English words."""

from __future__ import annotations

import pytest

from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_text.configs import HumanNumbersConfig
from zoo_text.dataset import TextDataset
from zoo_text.human_numbers import human_numbers, in_words


@pytest.fixture(scope="module")
def numbers() -> TextDataset:
    return human_numbers(HumanNumbersConfig(), None)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "one"),
        (10, "ten"),
        (19, "nineteen"),
        (20, "twenty"),
        (42, "forty two"),
        (100, "one hundred"),
        (1_000, "one thousand"),
        (2_013, "two thousand thirteen"),
        (9_999, "nine thousand nine hundred ninety nine"),
    ],
)
def test_a_number_is_written_without_and_or_hyphens(number: int, words: str) -> None:
    assert in_words(number) == words


def test_the_text_has_9998_numbers_63095_tokens_and_30_symbols(numbers: TextDataset) -> None:
    written = numbers.text.split(".")
    assert len(set(written)) == len(written) == 9_998
    assert " seven thousand nine hundred ninety nine. eight thousand one." in numbers.text
    assert (len(numbers.tokens), len(numbers.vocabulary)) == (63_095, 30)
    assert len(set(numbers.tokens.tolist())) == 30


def test_the_last_fifth_of_the_tokens_is_the_validation_split(numbers: TextDataset) -> None:
    assert isinstance(numbers, AbstractDataset)
    assert numbers.splits == ("train", "validation")
    assert [len(numbers.split_tokens(split)) for split in numbers.splits] == [50_476, 12_619]


def test_the_tokens_are_the_text(numbers: TextDataset) -> None:
    assert numbers.vocabulary.decode(numbers.tokens.tolist()) == numbers.text
    assert numbers.text.startswith(" one. two. three. four")
    assert numbers.text.endswith(" nine thousand nine hundred ninety nine")


def test_a_typed_number_needs_no_blank_before_it(numbers: TextDataset) -> None:
    typed = numbers.encode("two hundred.").inputs.tolist()
    assert typed == numbers.encode(" two hundred.").inputs.tolist()
    assert numbers.vocabulary.decode(typed[0]) == " two hundred."
    with pytest.raises(DataError, match=r"lacks: ' million' \(1×\)"):
        numbers.encode("one million")
    with pytest.raises(DataError, match="an empty input"):
        numbers.encode("")


@pytest.mark.parametrize(
    ("settings", "symbols"),
    [
        ({"tokens": "char"}, 20),
        ({"limit": 50}, 9),
        ({"vocabulary_size": 5}, 5),
        ({"min_count": 4000}, 4),
    ],
)
def test_other_tokens_and_bounds_learn_their_symbols(
    settings: dict[str, object], symbols: int
) -> None:
    dataset = human_numbers(HumanNumbersConfig(**settings), None)  # type: ignore[arg-type]
    assert len(dataset.vocabulary) == symbols
    assert len(dataset.split_tokens("train")) > 4 * len(dataset.split_tokens("validation")) - 8


@pytest.fixture(scope="module")
def course() -> TextDataset:
    return human_numbers(HumanNumbersConfig(edition="course"), None)


def test_the_course_has_38_symbols_of_which_31_occur(course: TextDataset) -> None:
    assert len(course.vocabulary) == 38
    assert len(set(course.tokens.tolist())) == 31
    assert course.vocabulary.decode(course.tokens.tolist()) == course.text


def test_the_course_validates_on_the_numbers_from_8001_on(course: TextDataset) -> None:
    train, held_out = (course.split_tokens(split).tolist() for split in course.splits)
    assert (len(train), len(held_out)) == (50_079, 13_017)
    beginning = course.vocabulary.decode(held_out[:7])
    assert beginning == " xxbos eight thousand one, eight thousand"
    assert course.vocabulary.decode(train[:4]) == " xxbos one, two"
    assert course.vocabulary.decode(train[-4:]) == " nine hundred ninety nine"
    assert course.encode(course.example).inputs.shape[1] == 8


def test_the_first_symbols_of_the_course_are_those_of_its_tokenizer(course: TextDataset) -> None:
    # " xxbos", then the comma after eight special symbols, as the course prints them
    assert course.tokens[0] == 2
    assert course.vocabulary.ids[","] == 8


def test_a_test_split_of_the_course_is_refused() -> None:
    with pytest.raises(DataError, match=r"no test split; --dataset\.test 0\.1 needs --dataset\."):
        human_numbers(HumanNumbersConfig(edition="course", test=0.1), None)


def test_a_short_course_has_an_empty_validation_split() -> None:
    dataset = human_numbers(HumanNumbersConfig(edition="course", limit=100), None)
    with pytest.raises(DataError, match="split validation has 0 symbols"):
        dataset.batch_count("validation", 4, seed=0, epoch=0)


def test_the_course_has_batches_of_both_splits(course: TextDataset) -> None:
    counts = {split: course.batch_count(split, 64, seed=0, epoch=1) for split in course.splits}
    assert counts == {"train": 49, "validation": 13}
