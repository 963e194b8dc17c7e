"""Generation: symbols per second, one row, the likeliest each time; all ways in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.cases import CASES, GATES, Case
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours, backends
from benchmarks.peers.ways import peers
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave

LENGTH, SHORT = 1024, 256
"""Symbols of a text, and of one in a first look: what a call costs before its first symbol, such as
JAX's tables, is shared by as many for every way."""


def generation(bench: Bench) -> Iterator[list[Figure]]:
    """Every cell at every size that has text."""
    for case in (CASES["M"], CASES["F"]):
        for cell in GATES:
            samples = interleave(ways(bench, case, cell), bench.effort)
            yield figures("generation", f"{case.name} {cell}", "symbols/s", samples)


def ways(bench: Bench, case: Case, cell: str) -> dict[str, Work]:
    """The peers and the zoo, each asked for texts of the same length."""
    made = {name: peer.generate for name, peer in peers(cell, case).items()}
    for backend in backends(bench.catalog):
        folder = bench.folder / f"generation {case.name} {cell} {backend}"
        run = Ours(bench.catalog, case.run_config(bench.catalog, cell, backend=backend), folder)
        if run.run.run_config.backend == backend:
            made[f"zoo {backend}"] = run.generate
        if (
            run.run.run_config.backend == backend == "native"
        ):  # weights in bfloat16, on any processor
            made["zoo native bf16"] = partial(run.generate, precision="bf16")
    length = SHORT if bench.quick else LENGTH
    return {name: texts(generate, length) for name, generate in made.items()}


def texts(generate: Callable[[int], list[int]], length: int) -> Work:
    """Texts of so many symbols, each by a call of its own; the symbols in them."""

    def work(count: int) -> float:
        return sum(len(generate(length)) for _ in range(count))

    return work
