"""Generation: symbols per second, one row, the likeliest each time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.cases import CASES, GATES, Case
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours, backends
from benchmarks.peers.ways import Peer, peers
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave

CHUNK = 64
"""Symbols asked for at once; JAX compiles for a length."""


def generation(bench: Bench) -> Iterator[list[Figure]]:
    """Every cell at every size that has text."""
    for case in (CASES["M"], CASES["F"]):
        for cell in GATES:
            samples = interleave(_ways(bench, case, cell), bench.effort)
            yield figures("generation", f"{case.name} {cell}", "symbols/s", samples)


def _ways(bench: Bench, case: Case, cell: str) -> dict[str, Work]:
    ways = {name: _chunks(peer) for name, peer in peers(cell, case).items()}
    for backend in backends(bench.catalog):
        folder = bench.folder / f"generation {case.name} {cell} {backend}"
        run = Ours(bench.catalog, case.plan(bench.catalog, cell, backend=backend), folder)
        if run.run.plan.backend == backend:
            ways[f"zoo {backend}"] = run.symbols
        if run.run.plan.backend == backend == "native":  # weights in bfloat16, on any processor
            ways["zoo native bf16"] = partial(run.symbols, precision="bf16")
    return ways


def _chunks(peer: Peer) -> Work:
    def work(count: int) -> float:
        return sum(len(peer.generate(CHUNK)) for _ in range(count))

    return work
