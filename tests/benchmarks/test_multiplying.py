"""The speed at which numbers in registers can be multiplied."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.multiplying import ROUNDS, multiplying
from benchmarks.peers.implementations import has_compiler

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


def test_threads_that_do_not_start_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = multiplying(tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 257)
    with pytest.raises(RuntimeError, match="257 threads do not start"):
        work(1)
