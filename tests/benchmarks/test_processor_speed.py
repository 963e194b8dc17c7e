"""The speeds of multiplying numbers in registers and of reading weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.peers.implementations import has_compiler
from benchmarks.processor_speed import ROUNDS, multiplying, reading

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is no C++ compiler")


def test_every_thread_counts_a_multiplication_and_an_addition_of_each_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = multiplying(tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    alone = work(1)
    # 24 registers of 16 numbers, or 12 of 8
    assert alone in (ROUNDS * 2 * 24 * 16, ROUNDS * 2 * 12 * 8)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert work(3) == 2 * 3 * alone


@pytest.mark.parametrize("size", [0, 512, 100_003])
def test_reading_the_weights_counts_the_symbols(size: int, tmp_path: Path) -> None:
    work = reading(size, tmp_path)
    assert work(3) == 3


def test_threads_that_do_not_start_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = [multiplying(tmp_path), reading(1 << 16, tmp_path)]
    monkeypatch.setattr(torch, "get_num_threads", lambda: 257)
    for work in works:
        with pytest.raises(RuntimeError, match="257 threads do not start"):
            work(1)
