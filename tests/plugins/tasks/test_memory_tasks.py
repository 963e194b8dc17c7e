"""Adding, copying and recall, each against a solver that reads the row once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from tests.plugins.tasks.reading import readable_rows
from zoo_core.errors import ConfigError, DataError
from zoo_core.runtime.nn import Output
from zoo_tasks.adding import AddingDataset
from zoo_tasks.configs import AddingConfig, CopyMemoryConfig, RecallConfig, SelectiveCopyConfig
from zoo_tasks.copying import CopyMemoryDataset, SelectiveCopyDataset
from zoo_tasks.recall import RecallDataset

FEW: dict[str, Any] = {"examples": 300, "held_out": 50}


def adding(**settings: Any) -> AddingDataset:
    return AddingDataset(AddingConfig(**settings), None)


def copy_memory(**settings: Any) -> CopyMemoryDataset:
    return CopyMemoryDataset(CopyMemoryConfig(**settings), None)


def selective_copy(**settings: Any) -> SelectiveCopyDataset:
    return SelectiveCopyDataset(SelectiveCopyConfig(**settings), None)


def recall(**settings: Any) -> RecallDataset:
    return RecallDataset(RecallConfig(**settings), None)


@pytest.mark.parametrize(("split", "length"), [("train", 50), ("test", 100)])
def test_the_sum_is_that_of_one_number_marked_in_each_half(split: str, length: int) -> None:
    rows = adding(**FEW).rows(split)
    assert rows.inputs.shape[1:] == (length, 2)
    for row, (total,) in zip(rows.inputs.tolist(), rows.targets.tolist(), strict=True):
        marked = [(step, number) for step, (number, mark) in enumerate(row) if mark == 1]
        (first, one), (second, other) = marked
        assert first < length // 2 <= second
        assert total == pytest.approx(one + other, abs=1e-6)
        assert {mark for _, mark in row} == {0, 1}


@pytest.mark.gate
def test_10000_rows_of_even_numbers_and_marks_have_a_mean_error_of_a_sixth() -> None:
    dataset = adding(held_out=4_000)
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 4_000, 4_000]
    numbers, marks = dataset.rows("train").inputs.unbind(2)
    assert float(numbers.mean()) == pytest.approx(0.5, abs=0.002)
    assert float(numbers.var()) == pytest.approx(1 / 12, abs=0.001)
    places = marks.sum(dim=0)
    assert float(places.min()) > 300  # 400 of 10,000 at each of 25 places
    assert dataset.baselines("test")["mean"]["loss"] == pytest.approx(1 / 6, abs=0.01)


def test_the_marks_are_anywhere_in_their_halves() -> None:
    rows = adding(length=4, test_length=8).draw(
        500, torch.Generator().manual_seed(0), is_test=False
    )
    places = rows.inputs[:, :, 1].nonzero()[:, 1].view(-1, 2)
    assert {*places[:, 0].tolist()} == {0, 1}
    assert {*places[:, 1].tolist()} == {2, 3}


def test_the_mean_of_the_sums_as_every_answer_is_the_baseline() -> None:
    dataset = adding(**FEW)
    sums = dataset.rows("test").targets.double()
    expected = float(((sums - 1) ** 2).mean())
    found = dataset.baselines("test")["mean"]
    assert found["loss"] == pytest.approx(expected)
    assert found["rmse"] == pytest.approx(expected**0.5)
    assert found["mae"] == pytest.approx(float((sums - 1).abs().mean()))


def test_typed_steps_are_numbers_with_marks() -> None:
    dataset = adding()
    assert dataset.encode("0.5 1; 1 0").inputs.tolist() == [[[0.5, 1.0], [1.0, 0.0]]]
    assert dataset.decode(Output(torch.tensor([[1.25]]), None)) == "sum 1.25"
    with pytest.raises(DataError, match="expected steps of a number and a mark"):
        dataset.encode("0.5; 1")
    with pytest.raises(DataError, match="expected steps of a number and a mark"):
        dataset.encode("0.5 1 1; 1 0 0")


@pytest.mark.parametrize(("split", "delay"), [("train", 20), ("test", 40)])
def test_the_first_symbols_come_again_after_the_sign(split: str, delay: int) -> None:
    for symbols, answers in readable_rows(copy_memory(**FEW), split):
        assert "".join(symbols[10:]) == "." * (delay - 1) + "?" + "." * 10
        assert answers == ["."] * (delay + 10) + symbols[:10]


def test_only_copied_symbols_count_where_asked_for() -> None:
    for symbols, answers in readable_rows(copy_memory(**FEW, targets="copied"), "train"):
        assert answers == [None] * 30 + symbols[:10]


@pytest.mark.gate
def test_10000_rows_have_eight_symbols_as_often() -> None:
    dataset = copy_memory()
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 1_000, 1_000]
    counts = Counter(s for symbols, _ in readable_rows(dataset, "train") for s in symbols[:10])
    assert sorted(counts) == list("abcdefgh")
    assert [counts[s] / 100_000 for s in "abcdefgh"] == pytest.approx([1 / 8] * 8, abs=0.005)


@pytest.mark.parametrize(("split", "blanks"), [("train", 28), ("test", 60)])
def test_the_symbols_among_the_blanks_come_again_in_order(split: str, blanks: int) -> None:
    for symbols, answers in readable_rows(selective_copy(**FEW), split):
        body = symbols[:-4]
        assert (body.count("."), symbols[-4:]) == (blanks, ["?"] * 4)
        assert answers == [None] * len(body) + [symbol for symbol in body if symbol != "."]


@pytest.mark.gate
def test_10000_rows_have_their_symbols_anywhere_as_often() -> None:
    dataset = selective_copy()
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 1_000, 1_000]
    rows = readable_rows(dataset, "train")
    places = Counter(i for symbols, _ in rows for i, s in enumerate(symbols[:32]) if s != ".")
    assert [places[i] / 40_000 for i in range(32)] == pytest.approx([1 / 32] * 32, abs=0.004)
    assert len({s for symbols, _ in rows for s in symbols}) == 16


def answers_of(symbols: list[str], pairs: int) -> list[str | None]:
    """The value of each key that comes again, by a dictionary of the pairs."""
    values = dict(zip(symbols[: 2 * pairs : 2], symbols[1 : 2 * pairs : 2], strict=True))
    assert len(values) == len(set(values.values())) == pairs
    later = [values.get(symbol) for symbol in symbols[2 * pairs :]]
    return [None] * (2 * pairs) + later


@pytest.mark.parametrize(("split", "pairs", "length"), [("train", 4, 32), ("test", 8, 64)])
def test_each_key_comes_again_once_with_its_value_as_label(
    split: str, pairs: int, length: int
) -> None:
    for symbols, answers in readable_rows(recall(**FEW), split):
        assert len(symbols) == length
        assert answers == answers_of(symbols, pairs)
        assert sorted(filter(None, answers)) == sorted(symbols[1 : 2 * pairs : 2])


def test_the_shortest_row_has_a_question_at_every_even_step_after_the_pairs() -> None:
    dataset = recall(keys=8, values=8, pairs=3, length=12, test_pairs=3, test_length=13, **FEW)
    for symbols, labels in readable_rows(dataset, "train"):
        assert sorted(symbols[6::2]) == sorted(symbols[0:6:2])
        assert [label is None for label in labels[6:]] == [False, True] * 3


def test_random_filler_adds_no_label() -> None:
    for symbols, answers in readable_rows(recall(**FEW, filler="random"), "train"):
        assert "." not in symbols
        labelled = [step for step, answer in enumerate(answers) if answer]
        expected = answers_of(symbols, 4)
        assert len(labelled) == 4
        assert all(answers[step] == expected[step] for step in labelled)


@pytest.mark.parametrize(("power", "share"), [(1.0, 1 / 12), (0.01, 0.32)])
def test_the_power_decides_how_soon_keys_come_again(power: float, share: float) -> None:
    dataset = recall(pairs=1, length=26, power=power)
    rows = dataset.draw(10_000, torch.Generator().manual_seed(0), is_test=False)
    assert float((rows.targets[:, 2] >= 0).double().mean()) == pytest.approx(share, abs=0.02)


def test_the_most_keys_and_values_have_symbols_of_their_own() -> None:
    dataset = recall(keys=10_000, values=10_000, examples=300, held_out=10)
    rows = readable_rows(dataset, "train")
    for symbols, answers in rows:
        assert answers == answers_of(symbols, 4)
    keys = {int(symbol[1:]) for symbols, _ in rows for symbol in symbols[:8:2]}
    assert max(keys) > 9_900


def test_the_largest_power_has_odds_at_the_longest_distance() -> None:
    dataset = recall(power=50.0, length=100_000, test_length=100_000)
    rows = dataset.draw(1, torch.Generator().manual_seed(0), is_test=False)
    assert int((rows.targets >= 0).sum()) == 4
    assert int((rows.targets >= 0).nonzero()[0, 1]) > 50_000


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (adding, {"test_length": 40}, "test_length = 40: expected at least dataset.length = 50"),
        (copy_memory, {"delay": 41}, "test_delay = 40: expected at least dataset.delay = 41"),
        (selective_copy, {"test_blanks": 1}, "test_blanks = 1: .* dataset.blanks = 28"),
        (recall, {"test_pairs": 17}, "test_pairs = 17: expected at most .* dataset.keys = 16"),
        (recall, {"length": 15}, "length = 15: expected at least 16, four for each"),
        (recall, {"keys": 10_001}, "keys = '10001': expected .* <= 10000"),
        (recall, {"values": 40_000}, "values = '40000': expected .* <= 10000"),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    make: Any, settings: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**settings)
