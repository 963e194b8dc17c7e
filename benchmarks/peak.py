"""The peak of this machine: large products of matrices, fp32 and bf16."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from zoo_core.runtime.device import multiplies_bfloat16

from benchmarks.figure import Figure, figures
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave

SIZE = 1024


def peak(bench: Bench) -> Iterator[list[Figure]]:
    """Operations per second of torch's product, a multiplication and an addition counted as two."""
    ways = {"fp32": _products(torch.float32)}
    if multiplies_bfloat16("cpu"):
        ways["bf16"] = _products(torch.bfloat16)
    samples = interleave(ways, bench.effort)
    yield figures("peak", f"product of {SIZE} x {SIZE}", "flop/s", samples)


def _products(dtype: torch.dtype) -> Work:
    left, right = (torch.randn(SIZE, SIZE).to(dtype) for _ in range(2))
    result = torch.empty_like(left)

    def work(count: int) -> float:
        for _ in range(count):
            torch.mm(left, right, out=result)
        return count * 2.0 * SIZE**3

    return work
