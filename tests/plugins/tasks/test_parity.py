"""Parity, and what all tasks share: counts, seeds, splits, errors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from tests.plugins.tasks.reading import readable_rows
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import ConfigError, DataError, DeviceError
from zoo_core.runtime.nn import Output
from zoo_tasks.configs import ParityConfig
from zoo_tasks.parity import ParityDataset


def of(vocabulary: Vocabulary | None = None, **settings: Any) -> ParityDataset:
    return ParityDataset(ParityConfig(**settings), vocabulary)


def test_the_label_of_a_row_says_whether_its_ones_are_odd() -> None:
    for bits, parity in readable_rows(of(examples=500, held_out=100), "test"):
        assert parity == ("odd" if bits.count("1") % 2 else "even")


def test_the_label_of_a_step_counts_the_ones_up_to_it() -> None:
    for bits, parities in readable_rows(of(examples=500, held_out=100, per="step"), "train"):
        ones = [bits[: step + 1].count("1") for step in range(len(bits))]
        assert parities == ["odd" if count % 2 else "even" for count in ones]


def test_10000_rows_of_3_to_40_bits_and_1000_of_41_to_256_are_drawn_evenly() -> None:
    dataset = of()
    assert [len(dataset.rows(split)) for split in dataset.splits] == [10_000, 1_000, 1_000]
    train = readable_rows(dataset, "train")
    lengths = Counter(len(bits) for bits, _ in train)
    assert sorted(lengths) == list(range(3, 41))
    assert min(lengths[length] for length in range(15, 41)) > 220
    ones = sum(bits.count("1") for bits, _ in train) / sum(len(bits) for bits, _ in train)
    assert ones == pytest.approx(0.5, abs=0.01)
    beyond = {len(bits) for bits, _ in readable_rows(dataset, "test")}
    assert min(beyond) == 41
    assert max(beyond) == 256


def test_no_row_is_twice_in_one_split_or_in_two() -> None:
    dataset = of(test_min_length=40, test_max_length=40)
    rows = [tuple(bits) for split in dataset.splits for bits, _ in readable_rows(dataset, split)]
    assert len(set(rows)) == len(rows) == 12_000


def test_short_rows_are_in_train_and_in_validation() -> None:
    dataset = of(examples=100, held_out=100, min_length=5, max_length=8)
    for split in ("train", "validation"):
        assert len({len(bits) for bits, _ in readable_rows(dataset, split)}) == 4


def test_a_seed_gives_the_same_rows_whatever_is_drawn_first() -> None:
    settings: dict[str, Any] = {"examples": 200, "held_out": 50}
    dataset, other = of(**settings), of(**settings)
    dataset.rows("test")
    assert other.rows("train").inputs.equal(dataset.rows("train").inputs)
    assert dataset.fingerprint == other.fingerprint
    assert dataset.fingerprint != of(**settings, seed=1).fingerprint
    assert dataset.fingerprint != of(**settings, per="step").fingerprint


def test_a_vocabulary_in_another_order_has_the_same_rows() -> None:
    settings: dict[str, Any] = {"examples": 200, "held_out": 50}
    other = of(Vocabulary(("1", "0")), **settings)
    assert readable_rows(other, "train") == readable_rows(of(**settings), "train")


def test_fewer_different_rows_than_are_needed_are_an_error_with_a_remedy() -> None:
    dataset = of(examples=20, held_out=5, min_length=4, max_length=4)
    with pytest.raises(DataError, match=r"more than 16 different rows .* ask for fewer"):
        dataset.rows("train")
    with pytest.raises(DataError, match="parity has no split 'dev'"):
        dataset.rows("dev")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_length": 41}, "max_length = 40: expected at least dataset.min_length = 41"),
        ({"test_min_length": 39}, "test_min_length = 39: .* dataset.max_length = 40"),
        ({"test_max_length": 30}, "test_max_length = 30: .* dataset.test_min_length = 41"),
    ],
)
def test_lengths_that_cannot_be_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        of(**settings)


def test_typed_bits_are_encoded_and_classes_named() -> None:
    dataset = of()
    assert dataset.encode(" 1 01 ").inputs.tolist() == [[1, 0, 1]]
    assert dataset.decode(Output(torch.tensor([[0.0, 1.0]]), None)) == "odd"
    steps = Output(torch.tensor([[[0.0, 1.0], [1.0, 0.0]]]), None)
    assert of(per="step").decode(steps) == "odd even"


def test_the_answer_without_memory_is_no_better_than_a_guess() -> None:
    baselines = of(held_out=4_000).baselines("test")
    assert baselines["guess"] == {"accuracy": 0.5}
    assert baselines["memoryless"]["accuracy"] == pytest.approx(0.5, abs=0.03)


def test_rows_that_do_not_fit_into_memory_are_an_error_with_a_remedy() -> None:
    dataset = of(
        examples=10_000_000, max_length=100_000, test_min_length=100_000, test_max_length=100_000
    )
    with pytest.raises(DeviceError, match=r"parity .* ask for fewer rows"):
        dataset.rows("train")
