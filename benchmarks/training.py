"""Training: tokens per second through the zoo's own trainer, against the peers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from torch import Tensor
from zoo_core.plan import PRECISIONS
from zoo_core.runtime.device import multiplies_bfloat16

from benchmarks.cases import CASES, GATES, Case
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours, backends
from benchmarks.peers.ways import Peer, peers
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave


def training(bench: Bench) -> Iterator[list[Figure]]:
    """Every cell at every size."""
    for case in CASES.values():
        for cell in GATES:
            samples = interleave(_ways(bench, case, cell), bench.effort)
            yield figures("training", f"{case.name} {cell}", "tokens/s", samples)


def _ways(bench: Bench, case: Case, cell: str) -> dict[str, Work]:
    ours = {}
    for backend in backends(bench.catalog):
        for precision in PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",):
            name = f"zoo {backend}" + (" bf16" if precision == "bf16" else "")
            plan = case.plan(bench.catalog, cell, backend=backend, precision=precision)
            run = Ours(bench.catalog, plan, bench.folder / f"{case.name} {cell} {name}")
            if run.run.plan.backend == backend:
                ours[name] = run
    text = whole_batches(next(iter(ours.values())), case)
    others = {name: peer_steps(peer, text) for name, peer in peers(cell, case).items()}
    return others | {name: run.steps for name, run in ours.items()}


def whole_batches(ours: Ours, case: Case, device: str = "cpu") -> list[tuple[Tensor, Tensor]]:
    """The zoo's own text, cut in the same way: inputs and targets (B, T) on a device."""
    drawn = islice(ours.run.dataset.batches("train", case.batch, seed=0, epoch=1), 64)
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
