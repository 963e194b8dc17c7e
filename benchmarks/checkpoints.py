"""Checkpoints: megabytes per second to disk and back into a model, against torch's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.figure import Figure, figures
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_bytes
from zoo_core.storage.atomic import write_file

TENSORS = 16
Weights = dict[str, Tensor]


def checkpoints(bench: Bench) -> Iterator[list[Figure]]:
    """The zoo's bytes are synced to disk before they count as saved; torch's are not."""
    for size in (10,) if bench.quick else (100, 1000):
        weights = {f"weight_{n}": torch.randn(size * 250_000 // TENSORS) for n in range(TENSORS)}
        ours, theirs = bench.folder / "model.safetensors", bench.folder / "model.pt"
        saves = {"torch": _times(size, partial(torch.save, weights, theirs))}
        saves["zoo"] = _times(size, partial(_save, weights, ours))
        yield figures("checkpoints", f"save {size} MB", "MB/s", interleave(saves, bench.effort))
        into = {name: torch.empty_like(each) for name, each in weights.items()}
        readers: dict[str, Callable[[], Weights]] = {
            "torch": partial(_unpickled, theirs, mapped=False),
            "torch, mapped": partial(_unpickled, theirs, mapped=True),
            "zoo": partial(read_tensors, ours),
        }
        loads = {way: _times(size, partial(_load, read, into)) for way, read in readers.items()}
        yield figures("checkpoints", f"load {size} MB", "MB/s", interleave(loads, bench.effort))


def _save(weights: Weights, path: Path) -> None:
    write_file(path, to_bytes(weights))


def _unpickled(path: Path, *, mapped: bool) -> Weights:
    """What torch wrote, by torch's own reader."""
    weights: Weights = torch.serialization.load(path, weights_only=True, mmap=mapped)
    return weights


def _load(read: Callable[[], Weights], into: Weights) -> None:
    """Reads a file into weights that are there already, as a model's are."""
    for name, tensor in read().items():
        into[name].copy_(tensor)


def _times(amount: float, action: Callable[[], object]) -> Work:
    def work(count: int) -> float:
        for _ in range(count):
            action()
        return count * amount

    return work
