"""The share of what this processor can do at most.

Training is bound by matrix products, and a text by reading the weights for each symbol.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES, Case
from benchmarks.generation import LENGTH, texts
from benchmarks.measurement import Measurement, measurements
from benchmarks.peers.implementations import has_compiler
from benchmarks.processor_speed import multiplying, reading
from benchmarks.targets import MULTIPLYING, PRODUCT, READING, STEP_PRODUCTS, of_text
from benchmarks.timing import Work, interleave
from benchmarks.zoo_run import ZooRun
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels.portable.products import StepProduct

SIZE = 1024
"""Rows and columns of the matrices in the large product."""
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def peak(setup: Setup) -> Iterator[list[Measurement]]:
    """A step against the fastest products, and a text against reading its weights."""
    yield from _training(setup)
    if has_compiler():
        yield from _texts(setup)


def _training(setup: Setup) -> Iterator[list[Measurement]]:
    """Operations per second; a multiplication and an addition count as two.

    Of the zoo, the operations of matrix products alone are divided by the time of the whole step.
    No product is faster than multiplying what is in registers. Without compiled code the products
    are torch's, so those of a step bound its speed.
    """
    for precision in PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",):
        for case in (CASES["d2l"], CASES["fastai"]):
            for cell in GATES:
                name = f"{case.name} {cell} {precision}"
                if not setup.wants(name):
                    continue
                implementations = {PRODUCT: _products(DTYPES[precision])}
                backends = ["native"]
                if precision == "fp32":
                    if has_compiler():
                        implementations[MULTIPLYING] = multiplying(setup.folder)
                    implementations[STEP_PRODUCTS] = _step_products(case, cell)
                    backends.append("portable")
                for backend in backends:
                    run_config = case.run_config(
                        setup.catalog, cell, backend=backend, precision=precision
                    )
                    run = ZooRun(setup.catalog, run_config, setup.folder / f"{name} {backend}")
                    if run.run.run_config.backend == backend:
                        implementations[f"zoo {backend}"] = _operations(run, case.flops(cell))
                samples = interleave(implementations, setup.effort)
                yield measurements("peak", name, "flop/s", samples)


def _texts(setup: Setup) -> Iterator[list[Measurement]]:
    """Symbols per second. The weights are those of the recurrence and of the output layer.

    Both precisions store them on any processor, and compute in float32.
    """
    for precision in PRECISIONS:
        for case in (CASES["d2l"], CASES["fastai"]):
            for cell in GATES:
                name = of_text(f"{case.name} {cell}", precision)
                if not setup.wants(name):
                    continue
                run_config = case.run_config(setup.catalog, cell, backend="native")
                folder = setup.folder / name
                run = ZooRun(setup.catalog, run_config, folder)
                if run.run.run_config.backend == "native":
                    weights = case.weights(cell) * DTYPES[precision].itemsize
                    implementations = {
                        READING: reading(weights, setup.folder),
                        "zoo native": texts(partial(run.generate, precision=precision), LENGTH),
                    }
                    yield measurements(
                        "peak", name, "symbols/s", interleave(implementations, setup.effort)
                    )


def _products(dtype: torch.dtype) -> Work:
    left, right = (torch.randn(SIZE, SIZE).to(dtype) for _ in range(2))
    result = torch.empty_like(left)

    def work(count: int) -> float:
        for _ in range(count):
            torch.mm(left, right, out=result)
        return count * 2.0 * SIZE**3

    return work


def _step_products(case: Case, cell: str) -> Work:
    """The products of a training step by torch, in full precision, and nothing else.

    Those of the recurrence follow one another, step by step, with a packed matrix where that is
    faster. The gradients of weights and the output layer are one product each for all steps.
    """
    rows, steps, hidden, symbols = case.batch, case.steps, case.hidden, case.symbols
    width = GATES[cell] * hidden
    state, gates = torch.randn(rows, hidden), torch.randn(rows, width)
    states, all_gates = torch.randn(rows * steps, hidden), torch.randn(rows * steps, width)
    logits = torch.randn(rows * steps, symbols)
    weight, output = torch.randn(width, hidden), torch.randn(symbols, hidden)
    of_state, of_gates, of_states = map(torch.zeros_like, (state, gates, states))
    of_weight, of_output, of_logits = map(torch.empty_like, (weight, output, logits))

    def work(count: int) -> float:
        for _ in range(count):
            forward = StepProduct(weight.t(), steps, rows)
            for _ in range(steps):
                forward.add_to(of_gates, state)
            torch.mm(states, output.t(), out=of_logits)
            torch.mm(logits, output, out=of_states)
            torch.mm(logits.t(), states, out=of_output)
            backward = StepProduct(weight, steps, rows)
            for _ in range(steps):
                backward.add_to(of_state, gates)
            torch.mm(all_gates.t(), states, out=of_weight)
        return count * rows * steps * case.flops(cell)

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
