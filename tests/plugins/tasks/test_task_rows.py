"""Rows of tasks: hashes that tell them apart, and batches without needless padding."""

from __future__ import annotations

import torch

from zoo_core.runtime.nn import IGNORED
from zoo_tasks.rows import TaskRows, token_rows


def _rows(*, per_step: bool) -> TaskRows:
    inputs = torch.tensor([[1, 0, 5, 5], [1, 5, 5, 5], [1, 0, 0, 5]])
    labels = torch.ones_like(inputs) if per_step else torch.tensor([1, 0, 1])
    return token_rows(inputs, labels, torch.tensor([2, 1, 3]))


def test_rows_that_differ_in_their_lengths_alone_have_different_hashes() -> None:
    rows = _rows(per_step=True)
    assert rows.inputs.tolist() == [[1, 0, 0, 0]] * 3
    assert len(set(rows.hashes().tolist())) == 3
    assert rows.hashes().tolist() == _rows(per_step=False).hashes().tolist()


def test_a_batch_and_its_labels_are_as_long_as_its_longest_row() -> None:
    batch = _rows(per_step=True).as_batch()
    assert batch.inputs.shape == (3, 3)
    assert isinstance(batch.targets, torch.Tensor)
    assert batch.targets.tolist() == [
        [1, 1, IGNORED],
        [1, IGNORED, IGNORED],
        [1, 1, 1],
    ]
    whole = _rows(per_step=False).as_batch()
    assert isinstance(whole.targets, torch.Tensor)
    assert whole.targets.tolist() == [1, 0, 1]


def test_a_later_start_skips_batches() -> None:
    rows = _rows(per_step=False)
    every = [batch.targets for batch in rows.batches(1, seed=3, epoch=2, start=0)]
    later = [batch.targets for batch in rows.batches(1, seed=3, epoch=2, start=2)]
    assert len(every) == 3
    assert [str(batch) for batch in later] == [str(batch) for batch in every[2:]]
