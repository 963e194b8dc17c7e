"""The peers of a case, by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from benchmarks.cases import Case
from benchmarks.peers.learner import Learner
from benchmarks.peers.network import Naive, TorchLayers
from benchmarks.peers.packages import missing
from zoo_core.runtime.hardware.device import multiplies_bfloat16


class Peer(Protocol):
    """Something that trains and generates."""

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """One step on a batch, tokens (B, T) and labels (B, T); the loss before it."""

    def generate(self, length: int) -> list[int]:
        """So many of the likeliest symbols."""


def peers(cell: str, case: Case) -> dict[str, Peer]:
    """Every peer that is installed, freshly made; the first is what all are compared with."""
    return {name: make() for name, make in peer_makers(cell, case).items()}


def peer_makers(cell: str, case: Case) -> dict[str, Callable[[], Peer]]:
    """How each peer that is installed is made."""
    made: dict[str, Callable[[], Peer]] = {
        # the tutorials take the optimizer as it comes, and are what a newcomer starts from
        "naive": lambda: Learner(Naive(cell, case), fused=False),
        "torch.nn": lambda: Learner(TorchLayers(cell, case)),
        "torch.nn without oneDNN": lambda: Learner(TorchLayers(cell, case), onednn=False),
    }
    if multiplies_bfloat16("cpu"):  # elsewhere torch takes ages over one product
        made["torch.nn bf16"] = lambda: Learner(TorchLayers(cell, case), bf16=True)
    absent = missing()
    for name, make in {"jax": _scan, "keras": _keras}.items():
        if name not in absent:
            made[name] = partial(make, cell, case)
    return {name: partial(_seeded, make) for name, make in made.items()}


def _seeded(make: Callable[[], Peer]) -> Peer:
    torch.manual_seed(0)
    return make()


def settle() -> None:
    """What JAX and Keras must know before they are imported."""
    # XLA takes every core unless it is told; it shall have as many as torch
    os.environ |= {
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "jax",
        "NPROC": str(torch.get_num_threads()),
    }


def _scan(cell: str, case: Case) -> Peer:
    settle()
    from benchmarks.peers.scan import Scan

    return Scan(TorchLayers(cell, case))


def _keras(cell: str, case: Case) -> Peer:
    settle()
    from benchmarks.peers.keras_layers import KerasLayers

    return KerasLayers(TorchLayers(cell, case))
