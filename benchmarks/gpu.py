"""A graphics processor, if there is one: training and text against torch.nn, both on cuDNN.

Both are measured as they are used. The loop of a tutorial reads every loss and waits for it. The
zoo's trainer reads the loss ten times a second, and copies each batch to the device.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import click
import torch

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES, Case
from benchmarks.generation import LENGTH, QUICK_LENGTH, texts
from benchmarks.measurement import Measurement, measurements
from benchmarks.peers.network import TorchLayers
from benchmarks.peers.torch_peer import TorchPeer
from benchmarks.timing import Work, interleave
from benchmarks.training import peer_steps, whole_batches
from benchmarks.zoo_run import ZooRun
from zoo_core.run_folder.run_config import PRECISIONS

MAX_SECONDS = 600.0
"""What the benchmark takes at most: no case begins so late that it could take longer."""
MAX_CASE_SECONDS = 60.0
"""What a case takes at most, with all implementations."""


def gpu(setup: Setup) -> Iterator[list[Measurement]]:
    """Training and text of every cell at the larger sizes; nothing without a graphics processor."""
    if not torch.cuda.is_available():
        return
    started = time.monotonic()
    for case in (CASES["d2l"], CASES["fastai"]):
        for cell in GATES:
            if time.monotonic() - started > MAX_SECONDS - MAX_CASE_SECONDS:
                click.echo(f"gpu, from {case.name} {cell} on: no time left", err=True)
                return
            trains, writes = implementations(setup, case, cell, "cuda")
            samples = interleave(trains, setup.effort)
            yield measurements("gpu", f"{case.name} {cell}", "tokens/s", samples)
            samples = interleave(writes, setup.effort)
            yield measurements("gpu", f"{case.name} {cell}, text", "symbols/s", samples)


def implementations(
    setup: Setup, case: Case, cell: str, device: str
) -> tuple[dict[str, Work], dict[str, Work]]:
    """torch.nn and the zoo in both precisions, on one device: their steps, and their texts."""
    trains: dict[str, Work] = {}
    writes: dict[str, Work] = {}
    length = QUICK_LENGTH if setup.quick else LENGTH
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
        trains |= {
            f"torch.nn {precision}": _synchronized(peer_steps(torch_peer, batches)),
            f"zoo {precision}": _synchronized(_counting(zoo_run, case)),
        }
        writes |= {
            f"torch.nn {precision}": texts(torch_peer.generate, length),
            f"zoo {precision}": texts(partial(zoo_run.generate, precision=precision), length),
        }
    return trains, writes


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
