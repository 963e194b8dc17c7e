"""Cutting tokens into windows: sequential partition and random sampling."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from tests.plugins.texts import same, targets_of
from zoo_core.data.signature import Per
from zoo_core.runtime.nn.batch import Batch
from zoo_text import windows

SIZES = [(50, 4, 3), (50, 7, 1), (49, 8, 6), (13, 4, 3), (13, 40, 3), (7, 1, 6)]
every_size = pytest.mark.parametrize(("count", "steps", "size"), SIZES)


class Drawn(NamedTuple):
    """Windows in random order over 0, 1, 2 and so on."""

    steps: int
    size: int
    stride: int
    per: Per = "step"

    def over(self, count: int, *, seed: int = 1, epoch: int = 1, start: int = 0) -> list[Batch]:
        """The batches over so many tokens."""
        view = windows.cut(torch.arange(count), self.steps, self.stride)
        rows, how = torch.arange(len(view)), {"seed": seed, "epoch": epoch, "start": start}
        return list(windows.random(view, rows, self.size, per=self.per, **how))


def random(count: int, steps: int, size: int, *, seed: int = 1, epoch: int = 1) -> list[Batch]:
    """Windows without overlap, in random order over 0, 1, 2 and so on."""
    return Drawn(steps, size, stride=steps).over(count, seed=seed, epoch=epoch)


def sequential(count: int, steps: int, size: int) -> list[Batch]:
    """Sequential windows over 0, 1, 2 and so on."""
    return list(windows.sequential(torch.arange(count), steps, size, start=0))


def all_targets(batches: list[Batch]) -> Tensor:
    """Every target, in the order in which they come."""
    return torch.cat([targets_of(batch).flatten() for batch in batches])


@every_size
def test_a_target_is_the_token_after_its_input(count: int, steps: int, size: int) -> None:
    for batch in [*sequential(count, steps, size), *random(count, steps, size)]:
        assert torch.equal(targets_of(batch), batch.inputs + 1)


@every_size
def test_sequential_rows_cover_each_target_once_and_in_order(
    count: int, steps: int, size: int
) -> None:
    joined = torch.cat([targets_of(batch) for batch in sequential(count, steps, size)], dim=1)
    length = (count - 1) // size
    assert torch.equal(joined.flatten(), torch.arange(1, length * size + 1))
    assert count - 1 - joined.numel() < size


@every_size
def test_sequential_rows_go_on_from_batch_to_batch(count: int, steps: int, size: int) -> None:
    batches = sequential(count, steps, size)
    assert [batch.carry for batch in batches] == [False] + [True] * (len(batches) - 1)
    for before, after in pairwise(batches):
        assert torch.equal(after.inputs[:, 0], targets_of(before)[:, -1])


@every_size
def test_only_the_last_sequential_window_is_shorter(count: int, steps: int, size: int) -> None:
    widths = [batch.inputs.shape[1] for batch in sequential(count, steps, size)]
    assert set(widths[:-1]) <= {steps}
    assert 1 <= widths[-1] <= steps


@pytest.mark.parametrize(("count", "steps", "size"), [(50, 4, 3), (49, 8, 6), (50, 7, 1)])
def test_random_windows_cover_each_target_once(count: int, steps: int, size: int) -> None:
    found = all_targets(random(count, steps, size))
    whole = (count - 1) // steps * steps
    assert torch.equal(found.sort().values, torch.arange(1, whole + 1))
    assert count - 1 - whole < steps


def test_random_windows_start_from_a_fresh_state() -> None:
    assert not any(batch.carry for batch in random(50, 4, 3))


def test_random_order_is_that_of_its_seed_and_epoch() -> None:
    first = random(200, 4, 3)
    assert same(first, random(200, 4, 3))
    assert not same(first, random(200, 4, 3, epoch=2))
    assert not same(first, random(200, 4, 3, seed=2))


def test_neighbouring_seeds_and_epochs_share_no_order() -> None:
    orders = {
        tuple(all_targets(random(200, 4, 3, seed=seed, epoch=epoch)).tolist())
        for seed in range(4)
        for epoch in range(1, 5)
    }
    assert len(orders) == 16


def test_evaluation_takes_the_texts_own_order() -> None:
    found = all_targets(random(50, 4, 3, epoch=0))
    assert torch.equal(found, torch.arange(1, 49))


@every_size
@pytest.mark.parametrize("start", [0, 1, 2, 99])
def test_starting_later_gives_the_tail(count: int, steps: int, size: int, start: int) -> None:
    later = list(windows.sequential(torch.arange(count), steps, size, start))
    assert same(later, sequential(count, steps, size)[start:])
    shuffled = Drawn(steps, size, stride=steps).over(count, start=start)
    assert same(shuffled, random(count, steps, size)[start:])


@every_size
def test_counts_are_how_many_batches_come(count: int, steps: int, size: int) -> None:
    assert windows.sequential_count(count, steps, size) == len(sequential(count, steps, size))


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_overlapping_windows_begin_a_stride_apart(stride: int) -> None:
    batches = Drawn(5, 4, stride).over(50, epoch=0)
    begins = torch.cat([batch.inputs[:, 0] for batch in batches])
    assert torch.equal(begins, torch.arange(0, 45, stride))


def test_too_few_tokens_give_no_window() -> None:
    assert windows.cut(torch.arange(5), 5, 1).shape == (0, 6)
    assert windows.cut(torch.arange(6), 5, 1).shape == (1, 6)


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_window_may_be_labelled_with_the_symbol_after_it(epoch: int) -> None:
    for batch in Drawn(5, 4, 1, per="sequence").over(50, epoch=epoch):
        assert torch.equal(targets_of(batch), batch.inputs[:, -1] + 1)


def test_cutting_copies_nothing() -> None:
    tokens = torch.arange(1000)
    assert windows.cut(tokens, 100, 1).untyped_storage().data_ptr() == tokens.data_ptr()


def test_an_epochs_offset_is_below_the_steps_and_none_for_evaluation() -> None:
    offsets = [windows.offset(8, seed=0, epoch=epoch) for epoch in range(1, 100)]
    assert set(offsets) == set(range(8))
    assert windows.offset(8, seed=0, epoch=0) == 0


def test_windows_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    random(50, 4, 3)
    windows.offset(8, seed=0, epoch=1)
    assert torch.equal(torch.get_rng_state(), before)
