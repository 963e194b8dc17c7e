"""Labelled rows: batches in the order of an epoch, padding, and the rows of a split."""

from __future__ import annotations

import pytest
import torch

from tests.plugins.text.texts import same_batches, targets_of
from zoo_cnn.configs import DigitsConfig
from zoo_cnn.digits import digits
from zoo_core.runtime.datasets.epoch_order import epoch_order
from zoo_core.runtime.datasets.labelled_rows import LabelledRows

ROWS = LabelledRows(torch.arange(20).view(10, 2), torch.arange(10))


@pytest.mark.parametrize("size", [1, 3, 5, 10, 11])
def test_the_count_is_the_number_of_batches(size: int) -> None:
    assert ROWS.batch_count(size) == len(list(ROWS.batches(size, seed=0, epoch=1)))


@pytest.mark.parametrize("epoch", [0, 1])
def test_rows_come_in_the_order_of_the_epoch_with_their_labels(epoch: int) -> None:
    batches = list(ROWS.batches(4, seed=2, epoch=epoch))
    order = epoch_order(10, seed=2, epoch=epoch)
    assert torch.equal(torch.cat([targets_of(batch) for batch in batches]), order)
    assert torch.equal(torch.cat([batch.inputs for batch in batches]), ROWS.inputs[order])
    assert [len(batch.inputs) for batch in batches] == [4, 4, 2]


@pytest.mark.parametrize("start", [0, 1, 3, 9])
def test_a_later_start_skips_batches(start: int) -> None:
    batches = list(ROWS.batches(4, seed=0, epoch=1))
    assert same_batches(list(ROWS.batches(4, seed=0, epoch=1, start=start)), batches[start:])


def test_a_padded_batch_is_as_long_as_its_longest_row() -> None:
    lengths = torch.tensor([1, 3, 2])
    rows = LabelledRows(torch.ones(3, 5), torch.arange(3), lengths=lengths)
    for batch in rows.batches(2, seed=0, epoch=1):
        assert batch.lengths is not None
        assert torch.equal(batch.lengths, lengths[targets_of(batch)])
        assert batch.inputs.shape == (len(batch.lengths), int(batch.lengths.max()))


@pytest.mark.parametrize("epoch", [0, 1])
def test_only_selected_rows_are_used(epoch: int) -> None:
    selected = torch.tensor([7, 2, 5])
    rows = LabelledRows(ROWS.inputs, ROWS.labels, selected=selected)
    assert len(rows) == 3
    (batch,) = rows.batches(4, seed=0, epoch=epoch)
    order = selected[epoch_order(3, seed=0, epoch=epoch)]
    assert torch.equal(targets_of(batch), order)
    assert torch.equal(batch.inputs, ROWS.inputs[order])


def test_counting_and_serving_epochs_prepares_the_rows_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = digits(DigitsConfig(), None)
    rows, prepared = dataset.rows, []

    def recording(split: str) -> LabelledRows:
        prepared.append(split)
        return rows(split)

    monkeypatch.setattr(dataset, "rows", recording)
    count = dataset.batch_count("train", 32, 0, 1)
    assert dataset.total_batch_count("train", 32, 0, epochs=50) == 50 * count
    for epoch in (1, 2):
        next(dataset.batches("train", 32, 0, epoch))
    assert prepared == ["train"]
