"""A graphics processor, if there is one: the zoo's trainer against torch.nn, both on cuDNN.

Both are measured as they are used. The loop of a tutorial reads every loss and waits for it. The
zoo's trainer reads the loss ten times a second, and copies each batch to the device.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES, Case
from benchmarks.measurement import Measurement, measurements
from benchmarks.peers.network import TorchLayers
from benchmarks.peers.torch_peer import TorchPeer
from benchmarks.timing import Work, interleave
from benchmarks.training import peer_steps, whole_batches
from benchmarks.zoo_run import ZooRun
from zoo_core.run_folder.run_config import PRECISIONS


def gpu(setup: Setup) -> Iterator[list[Measurement]]:
    """Training of every cell at the larger sizes; nothing without a graphics processor."""
    if torch.cuda.is_available():
        for case in (CASES["d2l"], CASES["fastai"]):
            for cell in GATES:
                samples = interleave(implementations(setup, case, cell, "cuda"), setup.effort)
                yield measurements("gpu", f"{case.name} {cell}", "tokens/s", samples)


def implementations(setup: Setup, case: Case, cell: str, device: str) -> dict[str, Work]:
    """torch.nn and the zoo in both precisions, on one device."""
    result: dict[str, Work] = {}
    for precision in PRECISIONS:
        run_config = case.run_config(setup.catalog, cell, precision=precision, device=device)
        zoo_run = ZooRun(
            setup.catalog, run_config, setup.folder / f"{case.name} {cell} {precision}"
        )
        torch.manual_seed(0)
        network = TorchLayers(cell, case).to(device)
        # torch.nn's batches are on the device beforehand
        batches = whole_batches(zoo_run.run.dataset, case, device)
        torch_peer = TorchPeer(network, bf16=precision == "bf16")
        result |= {
            f"torch.nn {precision}": _synchronized(peer_steps(torch_peer, batches)),
            f"zoo {precision}": _synchronized(_counting(zoo_run, case)),
        }
    return result


def _counting(zoo_run: ZooRun, case: Case) -> Work:
    """The zoo's steps, with the targets counted here: the trainer counts them only now and then."""

    def work(count: int) -> float:
        zoo_run.steps(count)
        return count * case.batch * case.steps

    return work


def _synchronized(work: Work) -> Work:
    """The same work, until the device has finished it."""

    def synchronized(count: int) -> float:
        amount = work(count)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return amount

    return synchronized
