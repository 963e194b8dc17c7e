"""A graphics processor, where there is one: the zoo's trainer against torch.nn, both on cuDNN.

Each is taken as it is used: a tutorial's loop reads every loss, and waits for it; the zoo's trainer
reads them ten times a second, and copies each batch to the device.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.cases import CASES, GATES, Case
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours
from benchmarks.peers.learner import Learner
from benchmarks.peers.network import TorchLayers
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave
from benchmarks.training import peer_steps, whole_batches
from zoo_core.run_folder.run_config import PRECISIONS


def gpu(bench: Bench) -> Iterator[list[Figure]]:
    """Training of every cell at the sizes that are worth one; nothing where there is none."""
    if torch.cuda.is_available():
        for case in (CASES["M"], CASES["F"]):
            for cell in GATES:
                samples = interleave(ways(bench, case, cell, "cuda"), bench.effort)
                yield figures("gpu", f"{case.name} {cell}", "tokens/s", samples)


def ways(bench: Bench, case: Case, cell: str, device: str) -> dict[str, Work]:
    """torch.nn and the zoo in both precisions, on one device."""
    found: dict[str, Work] = {}
    for precision in PRECISIONS:
        run_config = case.run_config(bench.catalog, cell, precision=precision, device=device)
        ours = Ours(bench.catalog, run_config, bench.folder / f"{case.name} {cell} {precision}")
        torch.manual_seed(0)
        network = TorchLayers(cell, case).to(device)
        # torch.nn's lie on the device beforehand
        batches = whole_batches(ours.run.dataset, case, device)
        learner = Learner(network, bf16=precision == "bf16")
        found |= {
            f"torch.nn {precision}": _finished(peer_steps(learner, batches)),
            f"zoo {precision}": _finished(_counted(ours, case)),
        }
    return found


def _counted(ours: Ours, case: Case) -> Work:
    """The zoo's steps, their targets counted here: the trainer looks at them only now and then."""

    def work(count: int) -> float:
        ours.steps(count)
        return count * case.batch * case.steps

    return work


def _finished(work: Work) -> Work:
    """The same, and what was given to the device is done."""

    def whole(count: int) -> float:
        done = work(count)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return done

    return whole
