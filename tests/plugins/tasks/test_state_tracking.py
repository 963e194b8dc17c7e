"""Modular arithmetic and permutations, against Python's own arithmetic and composition."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.plugins.tasks.reading import readable_rows
from zoo_core.errors import ConfigError, DataError
from zoo_tasks.configs import ModularArithmeticConfig, PermutationsConfig
from zoo_tasks.modular_arithmetic import ModularArithmeticDataset
from zoo_tasks.permutations import PermutationsDataset

FEW: dict[str, Any] = {"examples": 300, "held_out": 50}


def arithmetic(**settings: Any) -> ModularArithmeticDataset:
    return ModularArithmeticDataset(ModularArithmeticConfig(**settings), None)


def group(**settings: Any) -> PermutationsDataset:
    return PermutationsDataset(PermutationsConfig(**settings), None)


def value(symbols: list[str], modulus: int) -> str:
    """The value of an expression: the sum of its terms, each a product with a sign."""
    terms = re.findall(r"([+-]?)([\d*]+)", "".join(symbols))
    total = 0
    for sign, factors in terms:
        product = -1 if sign == "-" else 1
        for factor in factors.split("*"):
            product *= int(factor)
        total += product
    return str(total % modulus)


@pytest.mark.parametrize("modulus", [2, 5, 10])
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_label_of_an_expression_is_its_value(modulus: int, split: str) -> None:
    for symbols, answer in readable_rows(arithmetic(**FEW, modulus=modulus), split):
        assert symbols[-1] == "="
        assert answer == value(symbols[:-1], modulus)


def test_every_number_has_the_value_of_what_is_before_it() -> None:
    for symbols, answers in readable_rows(arithmetic(**FEW, per="step"), "train"):
        for step, answer in enumerate(answers[:-1]):
            expected = None if step % 2 else value(symbols[: step + 1], 5)
            assert answer == expected
        assert answers[-1] == answers[-2] == value(symbols[:-1], 5)


@pytest.mark.gate
def test_10000_expressions_of_4_to_40_symbols_have_every_number_and_sign_as_often() -> None:
    dataset = arithmetic()
    rows = readable_rows(dataset, "train")
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 1_000, 1_000]
    assert {len(symbols) for symbols, _ in rows} == set(range(4, 41, 2))
    assert {len(symbols) for symbols, _ in readable_rows(dataset, "test")} <= {*range(42, 257, 2)}
    counts = Counter(symbol for symbols, _ in rows for symbol in symbols[:-1])
    numbers, signs = sum(counts[n] for n in "01234"), sum(counts[s] for s in "+-*")
    assert [counts[n] / numbers for n in "01234"] == pytest.approx([0.2] * 5, abs=0.01)
    assert [counts[s] / signs for s in "+-*"] == pytest.approx([1 / 3] * 3, abs=0.01)


def test_an_expression_has_two_numbers_at_least() -> None:
    dataset = arithmetic(min_length=2, max_length=6, examples=300, held_out=50)
    lengths = {len(symbols) for symbols, _ in readable_rows(dataset, "train")}
    assert lengths == {4, 6}


@pytest.mark.parametrize(
    "settings",
    [{"min_length": 3, "max_length": 3}, {"test_min_length": 43, "test_max_length": 43}],
)
def test_lengths_without_an_even_one_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"max_length = 4?3: expected an even length"):
        arithmetic(**settings)


def compose(symbols: list[str]) -> str:
    """The product of permutations: where each thing goes, the last permutation first."""
    return "".join(reversed_path(symbols, thing) for thing in range(len(symbols[0])))


def reversed_path(symbols: list[str], thing: int) -> str:
    place = str(thing)
    for permutation in reversed(symbols):
        place = permutation[int(place)]
    return place


@pytest.mark.parametrize("name", ["S3", "S5"])
def test_the_label_of_a_step_is_the_product_so_far(name: str) -> None:
    for symbols, answers in readable_rows(group(**FEW, group=name), "validation"):
        assert answers == [compose(symbols[: step + 1]) for step in range(len(symbols))]


def test_the_label_of_a_row_is_the_product_of_all() -> None:
    for symbols, answer in readable_rows(group(**FEW, per="sequence"), "test"):
        assert answer == compose(symbols)


@pytest.mark.gate
@pytest.mark.parametrize(("name", "elements"), [("S3", 6), ("S5", 120)])
def test_10000_rows_of_4_to_20_permutations_have_each_as_often(name: str, elements: int) -> None:
    dataset = group(group=name)
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 1_000, 1_000]
    rows = readable_rows(dataset, "train")
    assert {len(symbols) for symbols, _ in rows} == set(range(4, 21))
    assert {len(symbols) for symbols, _ in readable_rows(dataset, "test")} == set(range(21, 101))
    counts = Counter(symbol for symbols, _ in rows for symbol in symbols)
    assert len(counts) == elements
    mean = sum(counts.values()) / elements
    assert max(abs(count - mean) for count in counts.values()) < 5 * mean**0.5


def test_typed_permutations_are_separated_by_blanks_or_commas() -> None:
    dataset = group()
    assert dataset.encode("021  120, 012").inputs.tolist() == [[1, 3, 0]]
    assert dataset.vocabulary.decode([1, 3]) == " 021 120"
    with pytest.raises(DataError, match="' 12' "):
        dataset.encode("12")
