"""The share of peak performance: products of a training step against one large product."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES
from benchmarks.measurement import Measurement, measurements
from benchmarks.targets import PRODUCT
from benchmarks.timing import Work, interleave
from benchmarks.zoo_run import ZooRun
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.hardware.device import multiplies_bfloat16

SIZE = 1024
"""Rows and columns of the matrices in the large product."""
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def peak(setup: Setup) -> Iterator[list[Measurement]]:
    """Operations per second; a multiplication and an addition count as two.

    Of the zoo, the operations of matrix products alone are divided by the time of the whole step.
    """
    for precision in PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",):
        for case in (CASES["d2l"], CASES["fastai"]):
            for cell in GATES:
                name = f"{case.name} {cell} {precision}"
                if not setup.wants(name):
                    continue
                run_config = case.run_config(
                    setup.catalog, cell, backend="native", precision=precision
                )
                zoo_run = ZooRun(setup.catalog, run_config, setup.folder / name)
                if zoo_run.run.run_config.backend == "native":
                    implementations = {
                        PRODUCT: _products(DTYPES[precision]),
                        "zoo native": _operations(zoo_run, case.flops(cell)),
                    }
                    yield measurements(
                        "peak", name, "flop/s", interleave(implementations, setup.effort)
                    )


def _products(dtype: torch.dtype) -> Work:
    left, right = (torch.randn(SIZE, SIZE).to(dtype) for _ in range(2))
    result = torch.empty_like(left)

    def work(count: int) -> float:
        for _ in range(count):
            torch.mm(left, right, out=result)
        return count * 2.0 * SIZE**3

    return work


def _operations(zoo_run: ZooRun, flops: int) -> Work:
    """Steps of a run, counted in operations.

    Args:
        zoo_run: The run.
        flops: Operations per target.
    """

    def work(count: int) -> float:
        return zoo_run.steps(count) * flops

    return work
