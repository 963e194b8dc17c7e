"""The peers of a case, by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from benchmarks.cases import Case
from benchmarks.levels import limits_others
from benchmarks.peers.network import Naive, TorchLayers
from benchmarks.peers.packages import missing
from benchmarks.peers.torch_peer import TorchPeer
from zoo_core.runtime.hardware.device import multiplies_bfloat16

COMPILED = "torch.compile"
"""The peer that compiles the step of the naive loop; it trains only."""


class Peer(Protocol):
    """A network that trains and generates."""

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """Takes a step on tokens (B, T) and labels (B, T). Returns the loss before the step."""

    def generate(self, length: int) -> list[int]:
        """Generates the most likely symbols."""


def peers(cell: str, case: Case) -> dict[str, Peer]:
    """A new instance of every installed peer that generates. The first is the base of ratios."""
    makers = peer_makers(cell, case)
    return {name: make() for name, make in makers.items() if name != COMPILED}


def peer_makers(cell: str, case: Case) -> dict[str, Callable[[], Peer]]:
    """A function for every installed peer that creates it."""
    makers: dict[str, Callable[[], Peer]] = {
        # tutorials, which newcomers start from, use the optimizer with its defaults
        "naive": lambda: TorchPeer(Naive(cell, case), fused=False),
        COMPILED: lambda: TorchPeer(Naive(cell, case), fused=False, compiled=True),
        "torch.nn": lambda: TorchPeer(TorchLayers(cell, case)),
        "torch.nn without oneDNN": lambda: TorchPeer(TorchLayers(cell, case), onednn=False),
    }
    if not has_compiler() or limits_others():
        del makers[COMPILED]
    if multiplies_bfloat16("cpu"):  # otherwise torch emulates them, very slowly
        makers["torch.nn bf16"] = lambda: TorchPeer(TorchLayers(cell, case), bf16=True)
    absent = missing()
    for name, make in {"JAX": _scan, "Keras": _keras}.items():
        if name not in absent:
            makers[name.lower()] = partial(make, cell, case)
    return {name: partial(_seeded, make) for name, make in makers.items()}


def has_compiler() -> bool:
    """Returns whether torch.compile finds its C++ compiler."""
    return shutil.which(os.environ.get("CXX") or "g++") is not None


def _seeded(make: Callable[[], Peer]) -> Peer:
    torch.manual_seed(0)
    return make()


def configure_jax() -> None:
    """Sets the environment variables that JAX and Keras read when they are imported."""
    # XLA uses every core by default; this gives it as many as torch
    os.environ |= {
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "jax",
        "NPROC": str(torch.get_num_threads()),
    }


def _scan(cell: str, case: Case) -> Peer:
    configure_jax()
    from benchmarks.peers.scan import Scan

    return Scan(TorchLayers(cell, case))


def _keras(cell: str, case: Case) -> Peer:
    configure_jax()
    from benchmarks.peers.keras_layers import KerasLayers

    return KerasLayers(TorchLayers(cell, case))
