"""The number of threads of a run, and that the caller keeps its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import torch
from torch import nn

from zoo_core import Classes, Features, Grid, Signature, Tokens
from zoo_core.errors import DeviceError
from zoo_core.run_folder.run_config import MAX_THREADS
from zoo_core.runtime.hardware.threads import (
    MIN_WORK_FOR_TWO_THREADS,
    check_threads,
    choose_threads,
    iterate_with_threads,
    max_threads,
    torch_threads,
)

TOKENS = Signature(inputs=Tokens(3), outputs=Classes(3, per="step"))
MODEL = nn.Linear(64, 64, bias=False)
POSITIONS = MIN_WORK_FOR_TWO_THREADS // 64**2


@pytest.mark.parametrize(("positions", "threads"), [(POSITIONS - 1, 1), (POSITIONS, 3)])
@pytest.mark.parametrize(
    ("signature", "width"),
    [
        (TOKENS, ()),
        (Signature(inputs=Features(7), outputs=Classes(2, per="step")), (7,)),
        (Signature(inputs=Grid(2, (3,)), outputs=Classes(2, per="sequence")), (2,)),
    ],
    ids=["tokens", "features", "grid"],
)
def test_a_second_thread_is_used_for_large_steps(
    positions: int, threads: int, signature: Signature, width: tuple[int, ...]
) -> None:
    inputs = torch.zeros(positions, 1, *width)
    with torch_threads(3):
        assert choose_threads(0, MODEL, inputs, signature) == threads


def test_the_requested_number_is_used() -> None:
    assert choose_threads(5, MODEL, torch.zeros(1, 1), TOKENS) == 5


def test_the_number_is_restored_afterwards() -> None:
    before = torch.get_num_threads()
    with suppress(KeyError), torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_items_are_computed_with_other_threads_than_the_caller_has() -> None:
    def items() -> Iterator[int]:
        for _ in range(3):
            yield torch.get_num_threads()

    before = torch.get_num_threads()
    for threads in iterate_with_threads(before + 1, items()):
        assert threads == before + 1
        assert torch.get_num_threads() == before


def test_more_threads_than_a_run_may_have_are_refused() -> None:
    with pytest.raises(DeviceError, match=r"threads = 2100: .* at most \d+ threads here"):
        choose_threads(2100, MODEL, torch.zeros(1, 1), TOKENS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(("megabytes", "threads"), [(1, 128), (8, MAX_THREADS), (64, MAX_THREADS)])
def test_threads_are_bounded_by_the_stack(
    megabytes: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda limit: (megabytes << 20, megabytes << 20))
    assert max_threads() == threads


def test_threads_that_cannot_be_started_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Limited(threading.Thread):
        running = 0

        def start(self) -> None:
            if Limited.running == 4:
                raise RuntimeError("can't start new thread")
            Limited.running += 1
            super().start()

    before = threading.active_count()
    monkeypatch.setattr("threading.Thread", Limited)
    with pytest.raises(DeviceError, match=r"threads = 9: .* at most 5 threads here"):
        check_threads(9)
    assert threading.active_count() == before
