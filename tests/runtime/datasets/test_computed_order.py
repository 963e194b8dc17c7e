"""Orders of very many rows: computed, and the stored ones below a number of rows."""

from __future__ import annotations

import pytest
import torch

from zoo_core.runtime.datasets import computed_order
from zoo_core.runtime.datasets.computed_order import (
    ComputedOrder,
    long_epoch_order,
    long_fixed_order,
)
from zoo_core.runtime.datasets.epoch_order import epoch_order, fixed_order
from zoo_core.runtime.datasets.labelled_rows import LabelledRows


def order(count: int, seed: int = 0) -> ComputedOrder:
    """Returns a computed order."""
    return ComputedOrder(count, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 17, 100, 1000, 65_537])
def test_a_computed_order_has_every_number_once(count: int) -> None:
    assert torch.equal(order(count)[:].sort().values, torch.arange(count))


def test_a_computed_order_is_one_of_many_and_never_changes() -> None:
    assert order(10)[:].tolist() == order(10)[:].tolist()
    assert len({tuple(order(50, seed)[:].tolist()) for seed in range(30)}) == 30


def test_neighbours_are_spread_over_all_numbers() -> None:
    numbers = order(100_000)[:].double()
    assert abs(float(torch.corrcoef(torch.stack([numbers[1:], numbers[:-1]]))[0, 1])) < 0.02
    assert abs(float(numbers[:1000].mean()) - 50_000) < 4_000


def test_parts_of_an_order_are_those_of_the_whole() -> None:
    whole = order(1000)
    assert torch.equal(whole[20:30], whole[:][20:30])
    assert torch.equal(whole[torch.tensor([999, 0])], whole[:][[999, 0]])
    part = whole.part(slice(900, 1000))
    assert len(part) == 100
    assert torch.equal(part[:], whole[900:])
    assert torch.equal(part[torch.tensor([3])], whole[903:904])


def test_up_to_a_number_of_rows_the_orders_are_those_that_are_stored() -> None:
    for epoch in (0, 1):
        assert torch.equal(long_epoch_order(50, 3, epoch)[:], epoch_order(50, 3, epoch))
    assert torch.equal(long_fixed_order(50)[:], fixed_order(50))


@pytest.mark.parametrize("selected", [None, slice(10, 40)])
def test_rows_of_a_computed_order_come_once_an_epoch(
    monkeypatch: pytest.MonkeyPatch, selected: slice | None
) -> None:
    monkeypatch.setattr(computed_order, "MAX_STORED", 5)
    chosen = order(60).part(selected) if selected else None
    rows = LabelledRows(torch.arange(60), torch.arange(60), selected=chosen)
    expected = order(60)[selected].tolist() if selected else list(range(60))
    epochs = []
    for epoch in (0, 1, 2):
        batches = list(rows.batches(7, seed=1, epoch=epoch))
        assert len(batches) == rows.batch_count(7)
        epochs.append(torch.cat([batch.inputs for batch in batches]).tolist())
        assert sorted(epochs[-1]) == sorted(expected)
        (last,) = rows.batches(7, seed=1, epoch=epoch, start=len(batches) - 1)
        assert torch.equal(last.inputs, batches[-1].inputs)
    assert epochs[0] == expected
    assert epochs[1] != epochs[2]
