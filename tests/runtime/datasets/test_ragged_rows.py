"""Rows of different lengths, and splits in which every label has the same share."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
import torch

from zoo_core.errors import DataError
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import check_split_fractions, split_slice
from zoo_core.runtime.datasets.stratified import stratified_splits
from zoo_core.runtime.nn.batch import IGNORED


def test_a_batch_is_as_long_as_its_longest_row() -> None:
    inputs = [torch.arange(length) for length in (2, 5, 1)]
    rows = RaggedRows(inputs, [torch.tensor(label) for label in (0, 1, 0)])
    first, second = rows.batches(2, seed=0, epoch=0)
    assert first.inputs.tolist() == [[0, 1, 0, 0, 0], [0, 1, 2, 3, 4]]
    assert second.inputs.tolist() == [[0]]
    assert first.lengths is not None
    assert first.lengths.tolist() == [2, 5]
    assert first.targets is not None
    assert first.targets.tolist() == [0, 1]
    assert rows.batch_count(2) == len(list(rows.batches(2, seed=0, epoch=1))) == 2


def test_targets_of_steps_are_padded_with_ignored() -> None:
    inputs = [torch.arange(length) for length in (1, 2)]
    (batch,) = RaggedRows(inputs, inputs, per_step=True).batches(2, seed=0, epoch=0)
    assert batch.targets is not None
    assert batch.targets.tolist() == [[0, IGNORED], [0, 1]]


def test_values_of_steps_are_padded_with_what_does_not_count() -> None:
    inputs = [torch.zeros(length, 3) for length in (1, 2)]
    targets = [torch.ones(length, 1) for length in (1, 2)]
    (batch,) = RaggedRows(inputs, targets, per_step=True).batches(2, seed=0, epoch=0)
    assert isinstance(batch.targets, torch.Tensor)
    assert batch.targets.isnan().tolist() == [[[False], [True]], [[False], [False]]]


def test_a_later_start_skips_batches_of_the_same_order() -> None:
    rows = RaggedRows([torch.tensor([n]) for n in range(7)], [torch.tensor(n) for n in range(7)])
    every = [batch.inputs.tolist() for batch in rows.batches(2, seed=3, epoch=1)]
    later = [batch.inputs.tolist() for batch in rows.batches(2, seed=3, epoch=1, start=2)]
    assert later == every[2:]
    assert len(later) == 2


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (0.9, 0.2)])
def test_fractions_that_leave_nothing_to_train_on_are_refused(
    validation: float, test: float
) -> None:
    fractions = SimpleNamespace(validation=validation, test=test)
    with pytest.raises(DataError, match="leaves nothing to train on"):
        check_split_fractions(fractions, "rows")
    check_split_fractions(SimpleNamespace(validation=0.5, test=0.25), "rows")


@pytest.mark.parametrize("total", [10, 100, 1000])
def test_a_tenth_of_round_numbers_of_rows_is_a_tenth(total: int) -> None:
    fractions = SimpleNamespace(validation=0.1, test=0.1)
    train, validation, test = (
        split_slice(total, fractions, split, "rows") for split in ("train", "validation", "test")
    )
    tenth = total // 10
    assert (train.stop, validation.start, validation.stop) == (
        total - 2 * tenth,
        total - 2 * tenth,
        total - tenth,
    )
    assert (train.start, test.start, test.stop) == (0, total - tenth, total)


def test_every_label_keeps_a_row_to_train_on() -> None:
    fractions = SimpleNamespace(validation=0.45, test=0.45)
    splits = stratified_splits("abcdefghij", "qrstuvwxyz", fractions)
    assert splits == {"train": list(range(10)), "validation": [], "test": []}


def test_every_label_has_the_same_share_of_every_split() -> None:
    labels = ["a"] * 50 + ["b"] * 30 + ["c"] * 20
    texts = [f"{label}{number}" for number, label in enumerate(labels)]
    fractions = SimpleNamespace(validation=0.1, test=0.2)
    splits = stratified_splits(texts, labels, fractions)
    counts = {split: Counter(labels[row] for row in rows) for split, rows in splits.items()}
    assert counts["test"] == {"a": 10, "b": 6, "c": 4}
    assert counts["validation"] == {"a": 5, "b": 3, "c": 2}
    assert sorted(row for rows in splits.values() for row in rows) == list(range(100))


def test_rare_labels_are_trained_on_and_fractions_hold_over_all_of_them() -> None:
    labels = [label for label in "abcdefghij" for _ in range(3)] + ["k"]
    texts = [str(number) for number in range(31)]
    fractions = SimpleNamespace(validation=0.1, test=0.1)
    splits = stratified_splits(texts, labels, fractions)
    assert {labels[row] for row in splits["train"]} == set(labels)
    assert (len(splits["validation"]), len(splits["test"])) == (3, 3)


def test_equal_inputs_are_in_one_split() -> None:
    texts = [str(number % 10) for number in range(100)]
    fractions = SimpleNamespace(validation=0.2, test=0.2)
    splits = stratified_splits(texts, ["x"] * 100, fractions)
    held = {split: {texts[row] for row in rows} for split, rows in splits.items()}
    assert not held["train"] & held["test"]
    assert not held["train"] & held["validation"]
    assert len(splits["test"]) == 20
