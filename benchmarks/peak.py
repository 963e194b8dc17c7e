"""The share of the peak: the products of a training step against one large product."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.cases import CASES, GATES
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours
from benchmarks.promises import PRODUCT
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.hardware.device import multiplies_bfloat16

SIZE = 1024
"""Rows and columns of the matrices of the large product."""
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def peak(bench: Bench) -> Iterator[list[Figure]]:
    """Operations per second, a multiplication and an addition counted as two, in the same turns.

    The zoo's are those of its matrix products alone, in the time of the whole step.
    """
    for precision in PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",):
        for case in (CASES["M"], CASES["F"]):
            for cell in GATES:
                name = f"{case.name} {cell} {precision}"
                run_config = case.run_config(
                    bench.catalog, cell, backend="native", precision=precision
                )
                ours = Ours(bench.catalog, run_config, bench.folder / name)
                if ours.run.run_config.backend == "native":
                    ways = {
                        PRODUCT: _products(DTYPES[precision]),
                        "zoo native": _operations(ours, case.flops(cell)),
                    }
                    yield figures("peak", name, "flop/s", interleave(ways, bench.effort))


def _products(dtype: torch.dtype) -> Work:
    left, right = (torch.randn(SIZE, SIZE).to(dtype) for _ in range(2))
    result = torch.empty_like(left)

    def work(count: int) -> float:
        for _ in range(count):
            torch.mm(left, right, out=result)
        return count * 2.0 * SIZE**3

    return work


def _operations(ours: Ours, flops: int) -> Work:
    """Steps of a run, of so many operations for each target."""

    def work(count: int) -> float:
        return ours.steps(count) * flops

    return work
