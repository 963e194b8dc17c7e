"""Checkpoints: megabytes per second to disk and back, against torch's own files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.benchmark import Setup
from benchmarks.measurement import Measurement, measurements
from benchmarks.timing import Work, interleave
from zoo_core.runtime.checkpoints.tensors import read_tensors, write_tensors

TENSORS = 16
Weights = dict[str, Tensor]


def checkpoints(setup: Setup) -> Iterator[list[Measurement]]:
    """The zoo synchronizes a file to disk before it counts as saved, and hashes it."""
    for size in (10,) if setup.quick else (100, 1000):
        weights = {f"weight_{n}": torch.randn(size * 250_000 // TENSORS) for n in range(TENSORS)}
        zoo_file, torch_file = setup.folder / "model.safetensors", setup.folder / "model.pt"
        saves = {
            "torch": _times(size, partial(torch.save, weights, torch_file)),
            "torch, synced": _times(size, partial(_save_torch, weights, torch_file)),
            "zoo": _times(size, partial(write_tensors, zoo_file, weights)),
        }
        yield measurements(
            "checkpoints", f"save {size} MB", "MB/s", interleave(saves, setup.effort)
        )
        into = {name: torch.empty_like(weight) for name, weight in weights.items()}
        readers: dict[str, Callable[[], Weights]] = {
            "torch": partial(_load_torch, torch_file, mapped=False),
            "torch, mapped": partial(_load_torch, torch_file, mapped=True),
            "zoo": partial(read_tensors, zoo_file),
        }
        loads = {
            implementation: _times(size, partial(_load, read, into))
            for implementation, read in readers.items()
        }
        yield measurements(
            "checkpoints", f"load {size} MB", "MB/s", interleave(loads, setup.effort)
        )


def _save_torch(weights: Weights, path: Path) -> None:
    """Saves with torch and synchronizes the file, without a hash."""
    with path.open("wb") as file:
        torch.save(weights, file)
        file.flush()
        os.fsync(file.fileno())


def _load_torch(path: Path, *, mapped: bool) -> Weights:
    """Reads a file by torch's own reader."""
    weights: Weights = torch.serialization.load(path, weights_only=True, mmap=mapped)
    return weights


def _load(read: Callable[[], Weights], into: Weights) -> None:
    """Reads a file into existing weights, such as those of a model."""
    for name, tensor in read().items():
        into[name].copy_(tensor)


def _times(amount: float, action: Callable[[], object]) -> Work:
    def work(count: int) -> float:
        for _ in range(count):
            action()
        return count * amount

    return work
