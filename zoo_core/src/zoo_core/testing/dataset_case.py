"""A dataset to look at, and what its batches have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.configs.settings import build_config
from zoo_core.data.signature import Features, Inputs, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import IGNORED, Batch
from zoo_core.testing.fresh_process import FreshProcess
from zoo_core.testing.sample_values import dataset_values

SEED = 3


@final
@dataclass(frozen=True)
class DatasetCase:
    """A dataset and a batch size.

    Args:
        spec: The dataset's.
        elsewhere: What other processes see of the plugin.
        rows: B.
    """

    spec: DatasetSpec
    fresh_process: FreshProcess
    rows: int = 8

    def label(self) -> str:
        """The case in words."""
        return f"B={self.rows}"

    def smaller(self) -> Iterator[DatasetCase]:
        """The same in smaller batches."""
        for rows in (1, 2, 4):
            if rows < self.rows:
                yield replace(self, rows=rows)

    @property
    def config(self) -> Any:
        """The defaults, with the spec's sample settings or a file that is on every machine."""
        return build_config(resolve(self.spec.config), "dataset", dataset_values(self.spec))

    def open(self, vocabulary: Vocabulary | None = None) -> AbstractDataset:
        """The dataset, made anew."""
        dataset: AbstractDataset = resolve(self.spec.factory)(self.config, vocabulary)
        return dataset

    def epoch(self, split: str, epoch: int, seed: int = SEED, start: int = 0) -> list[Batch]:
        """The batches of an epoch of a dataset made anew."""
        return list(self.open().batches(split, self.rows, seed, epoch, start))


def misfit(signature: Signature, batch: Batch) -> tuple[str, str] | None:
    """What a batch should be, and what it is instead."""
    inputs, targets, lengths, _ = batch
    if wrong := _wrong_inputs(signature.inputs, inputs):
        return wrong
    shape = tuple(inputs.shape[:2] if signature.per == "step" else inputs.shape[:1])
    if targets is None or tuple(targets.shape) != shape:
        return f"targets {shape}", "None" if targets is None else f"{tuple(targets.shape)}"
    if wrong := _outside(targets[targets != IGNORED], 0, signature.classes - 1, "targets"):
        return wrong
    return None if lengths is None else _outside(lengths, 1, inputs.shape[1], "lengths")


def _wrong_inputs(kind: Inputs, inputs: Tensor) -> tuple[str, str] | None:
    seen = f"{inputs.dtype} {tuple(inputs.shape)}"
    if isinstance(kind, Tokens):
        if inputs.dim() != 2 or inputs.is_floating_point():
            return "integer inputs (B, T)", seen
        return _outside(inputs, 0, kind.size - 1, "ids")
    axes = ("T", kind.size) if isinstance(kind, Features) else (kind.channels, *kind.sizes)
    fits = inputs.dim() == len(axes) + 1 and all(
        axis in ("T", size) for axis, size in zip(axes, inputs.shape[1:], strict=True)
    )
    return None if fits else (f"inputs {('B', *axes)}", seen)


def _outside(numbers: Tensor, least: int, most: int, noun: str) -> tuple[str, str] | None:
    if not numbers.numel() or least <= int(numbers.min()) <= int(numbers.max()) <= most:
        return None
    return f"{noun} from {least} to {most}", f"{int(numbers.min())} to {int(numbers.max())}"


def same(one: list[Batch], other: list[Batch]) -> bool:
    """Whether two lists hold the same batches."""
    return len(one) == len(other) and all(
        a.carry == b.carry and all(map(_equal, a[:3], b[:3]))
        for a, b in zip(one, other, strict=True)
    )


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


def rows_of(batches: list[Batch]) -> set[bytes]:
    """Every row with its labels, as bytes."""
    found = set()
    for inputs, targets, lengths, _ in batches:
        assert targets is not None, "training data has labels"
        ends = lengths.tolist() if lengths is not None else [None] * len(inputs)
        for row, label, end in zip(inputs, targets, ends, strict=True):
            found.add(row[:end].numpy().tobytes() + label.numpy().tobytes())
    return found
