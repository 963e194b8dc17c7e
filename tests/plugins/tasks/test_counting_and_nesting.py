"""Words of a and b, and nested brackets, against a counter and a stack."""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import comb
from typing import Any

import pytest
import torch

from tests.plugins.tasks.reading import readable_rows
from zoo_core.errors import ConfigError, DataError, DeviceError
from zoo_tasks.a_n_b_n import ANBNDataset
from zoo_tasks.configs import ANBNConfig, DyckConfig
from zoo_tasks.dyck import DyckDataset, opening_odds

FEW: dict[str, Any] = {"examples": 300, "held_out": 50}
CLOSED_BY = dict(zip("([{<", ")]}>", strict=True))


def a_n_b_n(**settings: Any) -> ANBNDataset:
    return ANBNDataset(ANBNConfig(**settings), None)


def dyck(**settings: Any) -> DyckDataset:
    return DyckDataset(DyckConfig(**settings), None)


def test_every_n_up_to_50_is_in_train_or_validation_and_the_next_50_in_test() -> None:
    dataset = a_n_b_n()
    found = {}
    for split in dataset.splits:
        words = readable_rows(dataset, split)
        for symbols, answers in words:
            n = len(symbols) // 2
            assert symbols == ["a"] * n + ["b"] * n
            assert answers == [None] * n + ["b"] * (n - 1) + ["end"]
        found[split] = {len(symbols) // 2 for symbols, _ in words}
    assert {split: len(found[split]) for split in found} == dataset.config.counts
    assert dataset.config.counts == {"train": 40, "validation": 10, "test": 50}
    assert found["train"] | found["validation"] == set(range(1, 51))
    assert found["test"] == set(range(51, 101))
    assert readable_rows(a_n_b_n(seed=1), "validation") != readable_rows(dataset, "validation")


def test_no_word_of_test_is_as_short_as_one_of_the_other_splits() -> None:
    dataset = a_n_b_n(max_n=40, test_max_n=60)
    rows = dataset.draw(20, torch.Generator().manual_seed(0), is_test=True)
    assert rows.lengths is not None
    assert sorted(rows.lengths.tolist()) == [2 * n for n in range(41, 61)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"test_max_n": 50}, "test_max_n = 50: expected more than dataset.max_n = 50"),
        ({"validation": 50}, "validation = 50: expected less than dataset.max_n = 50"),
    ],
)
def test_words_that_cannot_be_split_are_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        a_n_b_n(**settings)


def test_words_that_do_not_fit_into_memory_are_named_with_their_own_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zoo_core.storage.capacity.free_memory", lambda: 10_000_000)
    dataset = a_n_b_n(max_n=1_000, test_max_n=1_001)
    with pytest.raises(DeviceError, match=r"fewer rows \(--dataset.max-n, --dataset.test-max-n\)"):
        dataset.rows("train")


def closing(symbols: list[str]) -> tuple[list[str], int]:
    """What may be closed after each step, by a stack, and the greatest depth."""
    stack: list[str] = []
    answers, depth = [], 0
    for symbol in symbols:
        if symbol in CLOSED_BY:
            stack.append(CLOSED_BY[symbol])
        else:
            assert symbol == stack.pop()
        depth = max(depth, len(stack))
        answers.append(stack[-1] if stack else "end")
    assert not stack
    return answers, depth


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(("kinds", "depth"), [(1, None), (2, 3), (4, None)])
def test_the_label_of_a_step_closes_the_innermost_bracket(
    split: str, kinds: int, depth: int | None
) -> None:
    depths = []
    for symbols, answers in readable_rows(
        dyck(**FEW, kinds=kinds, depth=depth, min_length=20), split
    ):
        expected, deepest = closing(symbols)
        assert answers == expected
        depths.append(deepest)
    assert max(depths) == depth if depth else max(depths) > 8


@pytest.mark.gate
def test_10000_words_of_2_to_50_brackets_have_every_kind_as_often() -> None:
    dataset = dyck()
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 1_000, 1_000]
    rows = readable_rows(dataset, "train")
    assert {len(symbols) for symbols, _ in rows} == set(range(2, 51, 2))
    assert {len(s) for s, _ in readable_rows(dataset, "test")} == set(range(52, 101, 2))
    counts = Counter(symbol for symbols, _ in rows for symbol in symbols)
    assert counts["("] == counts[")"]
    assert counts["("] / (counts["("] + counts["["]) == pytest.approx(0.5, abs=0.01)


def test_every_word_of_a_length_is_drawn() -> None:
    words = {
        "".join(word)
        for word in product("()", repeat=8)
        if all(word[:i].count("(") >= word[:i].count(")") for i in range(9))
        and word.count("(") == 4
    }
    dataset = dyck(kinds=1, min_length=8, max_length=8, examples=10, held_out=4, test_max_length=60)
    drawn = {
        "".join(symbols)
        for split in ("train", "validation")
        for symbols, _ in readable_rows(dataset, split)
    }
    assert drawn == words
    with pytest.raises(DataError, match="more than 14 different rows"):
        dyck(kinds=1, min_length=8, max_length=8, examples=15, held_out=4).rows("train")


def test_the_odds_of_opening_make_all_words_equally_likely() -> None:
    odds = opening_odds(20, 20)
    for left in range(1, 21):
        for height in range(left % 2, left + 1, 2):
            # of all paths that end at 0 and never go below it (Arnold & Sleep 1980)
            expected = (left - height) * (height + 2) / (2 * left * (height + 1))
            assert float(odds[left, height]) == pytest.approx(expected, abs=1e-12)
    catalan = comb(20, 10) // 11
    path, chance = "((()()))(())(()())()", 1.0
    height = 0
    for step, bracket in enumerate(path):
        opening = float(odds[20 - step, height])
        chance *= opening if bracket == "(" else 1 - opening
        height += 1 if bracket == "(" else -1
    assert chance == pytest.approx(1 / catalan, rel=1e-9)


@pytest.mark.gate
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_long_words_of_a_small_depth_are_nested_too(depth: int) -> None:
    dataset = dyck(
        depth=depth,
        min_length=8_000,
        max_length=8_000,
        test_min_length=8_000,
        test_max_length=8_000,
        examples=2,
        held_out=1,
    )
    for symbols, answers in readable_rows(dataset, "train"):
        assert closing(symbols) == (answers, depth)


def test_the_odds_of_a_small_depth_stay_the_same_however_many_steps_are_left() -> None:
    odds = opening_odds(8_000, 3)
    assert odds[8_000, :4].tolist() == pytest.approx(odds[1_000, :4].tolist(), abs=1e-12)


def test_an_odd_shortest_length_leaves_out_shorter_words() -> None:
    dataset = dyck(
        min_length=5,
        max_length=8,
        test_min_length=11,
        test_max_length=14,
        examples=100,
        held_out=20,
    )
    for split, lengths in (("train", {6, 8}), ("test", {12, 14})):
        assert {len(symbols) for symbols, _ in readable_rows(dataset, split)} == lengths


def test_lengths_without_an_even_one_are_named() -> None:
    with pytest.raises(ConfigError, match="test_max_length = 51: expected an even length"):
        dyck(test_min_length=51, test_max_length=51)


def test_words_whose_odds_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"test_max_length = '100000': expected .* <= 10000"):
        dyck(test_max_length=100_000)
