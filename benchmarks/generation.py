"""Generation: symbols per second of one text, always the most likely symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES, Case
from benchmarks.measurement import Measurement, measurements
from benchmarks.peers.implementations import peers
from benchmarks.timing import Work, interleave
from benchmarks.zoo_run import ZooRun, backends

LENGTH, QUICK_LENGTH = 1024, 256
"""Symbols of a text, and of one in a first look. What a call costs before its first
symbol, such as JAX's tables, is divided by the same number for every implementation."""


def generation(setup: Setup) -> Iterator[list[Measurement]]:
    """Every cell at every size that generates text; all implementations in one process."""
    for case in (CASES["d2l"], CASES["fastai"]):
        for cell in GATES:
            if not setup.wants(f"{case.name} {cell}"):
                continue
            samples = interleave(implementations(setup, case, cell), setup.effort)
            yield measurements("generation", f"{case.name} {cell}", "symbols/s", samples)


def implementations(setup: Setup, case: Case, cell: str) -> dict[str, Work]:
    """The peers and the zoo, generating texts of the same length."""
    generators = {name: peer.generate for name, peer in peers(cell, case).items()}
    for backend in backends(setup.catalog):
        folder = setup.folder / f"generation {case.name} {cell} {backend}"
        run = ZooRun(setup.catalog, case.run_config(setup.catalog, cell, backend=backend), folder)
        if run.run.run_config.backend == backend:
            generators[f"zoo {backend}"] = run.generate
        if run.run.run_config.backend == backend == "native":
            # weights in bfloat16, on any processor
            generators["zoo native bf16"] = partial(run.generate, precision="bf16")
    length = QUICK_LENGTH if setup.quick else LENGTH
    return {name: texts(generate, length) for name, generate in generators.items()}


def texts(generate: Callable[[int], list[int]], length: int) -> Work:
    """Work that generates texts of this length, one call each, and counts the symbols."""

    def work(count: int) -> float:
        return sum(len(generate(length)) for _ in range(count))

    return work
