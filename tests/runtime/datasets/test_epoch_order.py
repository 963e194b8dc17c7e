"""The order of an epoch: a function of seed and epoch, and none in evaluation."""

from __future__ import annotations

import pytest
import torch

from zoo_core.runtime.datasets.epoch_order import epoch_offset, epoch_order, fixed_order


def test_an_epoch_order_has_every_row_once() -> None:
    assert torch.equal(epoch_order(100, seed=1, epoch=1).sort().values, torch.arange(100))
    assert torch.equal(fixed_order(100).sort().values, torch.arange(100))


def test_evaluation_keeps_the_order_of_the_data() -> None:
    assert torch.equal(epoch_order(100, seed=1, epoch=0), torch.arange(100))
    assert epoch_offset(8, seed=1, epoch=0) == 0


def test_no_two_neighbouring_seeds_and_epochs_share_an_order() -> None:
    orders = {
        tuple(epoch_order(200, seed, epoch).tolist()) for seed in range(4) for epoch in range(1, 5)
    }
    assert len(orders) == 16


def test_offsets_take_every_value_below_the_stride() -> None:
    offsets = {epoch_offset(8, seed=0, epoch=epoch) for epoch in range(1, 100)}
    assert offsets == set(range(8))


@pytest.mark.parametrize("global_seed", [0, 1])
def test_orders_and_offsets_never_change(global_seed: int) -> None:
    torch.manual_seed(global_seed)
    assert epoch_order(6, seed=3, epoch=2).tolist() == [1, 2, 0, 3, 5, 4]
    assert [epoch_offset(64, seed=3, epoch=epoch) for epoch in (1, 2)] == [38, 11]
    assert fixed_order(6).tolist() == [2, 5, 3, 0, 1, 4]
