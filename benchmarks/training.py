"""Training: tokens per second of the zoo's own trainer, against the peers.

Each implementation runs in a separate process, so that none profits from memory that another one
has freed.

``python -m benchmarks.training LEVEL CASE CELL IMPLEMENTATION`` is such a process; see ``Worker``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path

from torch import Tensor

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES, Case
from benchmarks.levels import catalog_at
from benchmarks.measurement import Measurement, measurements
from benchmarks.peers.implementations import Peer, peer_makers
from benchmarks.timing import Effort, Work, interleave
from benchmarks.worker import Worker, serve
from benchmarks.zoo_run import ZooRun, backends
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.building.build import make_dataset
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.device import multiplies_bfloat16

TURNS = 4
"""Turns for each turn of other benchmarks, half as long: turns of the toy case vary by a factor of
up to two."""


def training(setup: Setup) -> Iterator[list[Measurement]]:
    """Every cell at every size; ``trainer`` measures the cost of an epoch's end."""
    effort = Effort(setup.effort.rounds * TURNS, setup.effort.seconds / 2)
    for case in CASES.values():
        for cell in GATES:
            if not setup.wants(f"{case.name} {cell}"):
                continue
            with ExitStack() as stack:
                started = {
                    implementation: stack.enter_context(
                        Worker("benchmarks.training", setup.level, case.name, cell, implementation)
                    )
                    for implementation in (
                        *peer_makers(cell, case),
                        *zoo_implementations(setup.catalog),
                    )
                }
                ready = {
                    implementation: worker
                    for implementation, worker in started.items()
                    if worker.ready()
                }
                samples = interleave(ready, effort)
            yield measurements("training", f"{case.name} {cell}", "tokens/s", samples)


def zoo_implementations(catalog: Catalog) -> dict[str, tuple[str, str]]:
    """The zoo's backend and precision by name, for the precisions of this processor."""
    precisions = PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",)
    return {
        f"zoo {backend}" + (" bf16" if precision == "bf16" else ""): (backend, precision)
        for backend in backends(catalog)
        for precision in precisions
    }


def prepare(catalog: Catalog, case: Case, cell: str, name: str, folder: Path) -> Work | None:
    """The work of one implementation; None for a backend that this machine does not have."""
    if name in (makers := peer_makers(cell, case)):
        dataset = make_dataset(catalog, case.run_config(catalog, cell), None)
        return peer_steps(makers[name](), whole_batches(dataset, case))
    backend, precision = zoo_implementations(catalog)[name]
    run_config = case.run_config(catalog, cell, backend=backend, precision=precision)
    zoo_run = ZooRun(catalog, run_config, folder)
    return zoo_run.steps if zoo_run.run.run_config.backend == backend else None


def whole_batches(
    dataset: AbstractDataset, case: Case, device: str = "cpu"
) -> list[tuple[Tensor, Tensor]]:
    """The zoo's own batches of full size: inputs and targets, (B, T) each, on a device."""
    batches = islice(dataset.batches("train", case.batch, seed=0, epoch=1), 64)
    pairs = []
    for batch in batches:
        moved = batch.to(device)
        if moved.targets is not None and moved.inputs.shape == (case.batch, case.steps):
            pairs.append((moved.inputs, moved.targets))
    return pairs


def peer_steps(peer: Peer, batches: list[tuple[Tensor, Tensor]]) -> Work:
    """The steps of a peer on these batches, over and over."""
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
        serve(lambda: prepare(catalog_at(level), CASES[case], cell, name, Path(folder)))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
