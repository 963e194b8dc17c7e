"""Training: tokens per second through the zoo's own trainer, against the peers.

Each way has a process of its own, as whoever uses it would: what one frees is not there for another
to take, and that the zoo keeps its memory is no gift to the peers.

``python -m benchmarks.training LEVEL CASE CELL WAY`` is such a process; see ``Worker``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path

from torch import Tensor

from benchmarks.cases import CASES, GATES, Case
from benchmarks.figure import Figure, figures
from benchmarks.levels import catalog_at
from benchmarks.ours import Ours, backends
from benchmarks.peers.ways import Peer, peer_makers
from benchmarks.subject import Bench
from benchmarks.timing import Effort, Work, interleave
from benchmarks.worker import Worker, serve
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.building.build import make_dataset
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.device import multiplies_bfloat16

TURNS = 4
"""Times as many turns as elsewhere, half as long: those of a toy differ by up to twice."""


def training(bench: Bench) -> Iterator[list[Figure]]:
    """Every cell at every size; what ends of epochs cost is told by ``trainer``."""
    effort = Effort(bench.effort.rounds * TURNS, bench.effort.seconds / 2)
    for case in CASES.values():
        for cell in GATES:
            with ExitStack() as stack:
                started = {
                    way: stack.enter_context(
                        Worker("benchmarks.training", bench.level, case.name, cell, way)
                    )
                    for way in (*peer_makers(cell, case), *zoo_ways(bench.catalog))
                }
                ready = {way: worker for way, worker in started.items() if worker.ready()}
                samples = interleave(ready, effort)
            yield figures("training", f"{case.name} {cell}", "tokens/s", samples)


def zoo_ways(catalog: Catalog) -> dict[str, tuple[str, str]]:
    """The zoo's ways: each backend in each precision that this processor has products in."""
    precisions = PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",)
    return {
        f"zoo {backend}" + (" bf16" if precision == "bf16" else ""): (backend, precision)
        for backend in backends(catalog)
        for precision in precisions
    }


def way(catalog: Catalog, case: Case, cell: str, name: str, folder: Path) -> Work | None:
    """One way, made ready; None for a backend that this machine has not."""
    if name in (makers := peer_makers(cell, case)):
        dataset = make_dataset(catalog, case.run_config(catalog, cell), None)
        return peer_steps(makers[name](), whole_batches(dataset, case))
    backend, precision = zoo_ways(catalog)[name]
    run_config = case.run_config(catalog, cell, backend=backend, precision=precision)
    ours = Ours(catalog, run_config, folder)
    return ours.steps if ours.run.run_config.backend == backend else None


def whole_batches(
    dataset: AbstractDataset, case: Case, device: str = "cpu"
) -> list[tuple[Tensor, Tensor]]:
    """The zoo's own text, cut in the same way: inputs and targets (B, T) on a device."""
    drawn = islice(dataset.batches("train", case.batch, seed=0, epoch=1), 64)
    fed = [(each.inputs, each.targets) for each in (each.to(device) for each in drawn)]
    size = (case.batch, case.steps)
    return [(x, y) for x, y in fed if y is not None and x.shape == size]


def peer_steps(peer: Peer, batches: list[tuple[Tensor, Tensor]]) -> Work:
    """Steps of a peer on such batches, again and again."""
    feed = cycle(batches)

    def work(count: int) -> float:
        tokens = 0
        for inputs, targets in islice(feed, count):
            peer.step(inputs, targets)
            tokens += targets.numel()
        return tokens

    return work


def _serve(level: str, case: str, cell: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        serve(lambda: way(catalog_at(level), CASES[case], cell, name, Path(folder)))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
