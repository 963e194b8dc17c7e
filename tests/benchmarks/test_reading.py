"""The speed at which weights can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.peers.implementations import has_compiler
from benchmarks.reading import reading

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is no C++ compiler")


@pytest.mark.parametrize("size", [0, 512, 100_003])
def test_reading_the_weights_counts_the_symbols(size: int, tmp_path: Path) -> None:
    work = reading(size, tmp_path)
    assert work(3) == 3


def test_threads_that_do_not_start_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = reading(1 << 16, tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 257)
    with pytest.raises(RuntimeError, match="257 threads do not start"):
        work(1)
