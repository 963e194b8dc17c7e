"""Windows of tokens: sequential batches, and labelled windows in random order."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from tests.plugins.text.texts import targets_of
from zoo_core.runtime.datasets.labelled_rows import LabelledRows
from zoo_core.runtime.nn.batch import Batch
from zoo_text.windows import sequential_batch_count, sequential_batches, sliding_windows

SIZES = [(50, 4, 3), (50, 7, 1), (49, 8, 6), (13, 4, 3), (13, 40, 3), (7, 1, 6)]
every_size = pytest.mark.parametrize(("count", "steps", "size"), SIZES)


def sequential(count: int, steps: int, size: int, start: int = 0) -> list[Batch]:
    """Sequential batches of the tokens 0, 1, 2 and so on."""
    return list(sequential_batches(torch.arange(count), steps, size, start))


def random(
    count: int, steps: int, size: int, *, seed: int = 1, epoch: int = 1, start: int = 0
) -> list[Batch]:
    """Windows without overlap of the tokens 0, 1, 2 and so on, in random order."""
    windows = sliding_windows(torch.arange(count), steps + 1, steps)
    rows = LabelledRows(windows[:, :-1], windows[:, 1:])
    return list(rows.batches(size, seed, epoch, start))


def all_targets(batches: list[Batch]) -> Tensor:
    """The targets of all batches in their order."""
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
def test_sequential_rows_continue_from_batch_to_batch(count: int, steps: int, size: int) -> None:
    batches = sequential(count, steps, size)
    assert [batch.carry for batch in batches] == [False] + [True] * (len(batches) - 1)
    for before, after in pairwise(batches):
        assert torch.equal(after.inputs[:, 0], targets_of(before)[:, -1])


@every_size
def test_only_the_last_sequential_window_is_shorter(count: int, steps: int, size: int) -> None:
    widths = [batch.inputs.shape[1] for batch in sequential(count, steps, size)]
    assert set(widths[:-1]) <= {steps}
    assert 1 <= widths[-1] <= steps


@every_size
def test_the_count_is_the_number_of_sequential_batches(count: int, steps: int, size: int) -> None:
    assert sequential_batch_count(count, steps, size) == len(sequential(count, steps, size))


@every_size
def test_sequential_windows_with_one_label_are_whole_and_continue(
    count: int, steps: int, size: int
) -> None:
    batches = list(sequential_batches(torch.arange(count), steps, size, 0, per_step=False))
    assert sequential_batch_count(count, steps, size, per_step=False) == len(batches)
    assert len(batches) == max((count - 1) // size // steps, 1)
    widths = {batch.inputs.shape[1] for batch in batches}
    assert widths == {min(steps, (count - 1) // size)}
    for number, batch in enumerate(batches):
        assert torch.equal(targets_of(batch), batch.inputs[:, -1] + 1)
        assert batch.carry == (number > 0)
    for before, after in pairwise(batches):
        assert torch.equal(after.inputs[:, 0], targets_of(before))


@pytest.mark.parametrize(("count", "steps", "size"), [(50, 4, 3), (49, 8, 6), (50, 7, 1)])
def test_random_windows_cover_each_target_once(count: int, steps: int, size: int) -> None:
    targets = all_targets(random(count, steps, size))
    covered = (count - 1) // steps * steps
    assert torch.equal(targets.sort().values, torch.arange(1, covered + 1))
    assert count - 1 - covered < steps


def test_random_windows_start_from_a_fresh_state() -> None:
    assert not any(batch.carry for batch in random(50, 4, 3))


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_overlapping_windows_start_a_stride_apart(stride: int) -> None:
    windows = sliding_windows(torch.arange(50), 6, stride)
    assert torch.equal(windows[:, 0], torch.arange(0, 45, stride))
    assert torch.equal(windows, windows[:, :1] + torch.arange(6))


def test_too_few_tokens_give_no_window() -> None:
    assert sliding_windows(torch.arange(5), 6, 1).shape == (0, 6)
    assert sliding_windows(torch.arange(6), 6, 1).shape == (1, 6)


def test_windows_are_a_view() -> None:
    tokens = torch.arange(1000)
    windows = sliding_windows(tokens, 101, 1)
    assert windows.untyped_storage().data_ptr() == tokens.data_ptr()
