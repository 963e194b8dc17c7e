"""A dataset to check, and comparisons of its batches."""

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
from zoo_core.testing.cases.fresh_process import FreshProcess
from zoo_core.testing.cases.sample_values import dataset_values
from zoo_core.testing.check import Violation

SEED = 3


@final
@dataclass(frozen=True)
class DatasetCase:
    """A dataset and a batch size.

    Args:
        spec: The dataset's spec.
        fresh_process: Loads the dataset's plugin in a process of its own.
        rows: B.
    """

    spec: DatasetSpec
    fresh_process: FreshProcess
    rows: int = 8

    def label(self) -> str:
        """Returns the batch size."""
        return f"B={self.rows}"

    def smaller(self) -> Iterator[DatasetCase]:
        """Yields the case with smaller batches."""
        for rows in (1, 2, 4):
            if rows < self.rows:
                yield replace(self, rows=rows)

    @property
    def config(self) -> Any:
        """The config, with values for the settings that have no default."""
        return build_config(resolve(self.spec.config), "dataset", dataset_values(self.spec))

    def open(self, vocabulary: Vocabulary | None = None) -> AbstractDataset:
        """Builds the dataset.

        Args:
            vocabulary: The vocabulary to encode with; the dataset makes its own if it is None.
        """
        dataset: AbstractDataset = resolve(self.spec.factory)(self.config, vocabulary)
        return dataset

    def epoch(self, split: str, epoch: int, seed: int = SEED, start: int = 0) -> list[Batch]:
        """Returns the batches of an epoch of a newly built dataset.

        Args:
            split: The split's name.
            epoch: The epoch's number; 0 is for evaluation.
            seed: The seed of the order.
            start: The number of batches to skip.
        """
        return list(self.open().batches(split, self.rows, seed, epoch, start))


def find_mismatch(signature: Signature, batch: Batch) -> Violation | None:
    """Returns how a batch differs from the signature of its dataset, or None.

    Args:
        signature: The dataset's signature.
        batch: Inputs (B, T), (B, T, F) or (B, C, *sizes), targets (B, T) or (B,), lengths (B,).
    """
    inputs, targets, lengths, _ = batch
    if mismatch := _input_mismatch(signature.inputs, inputs):
        return mismatch
    shape = tuple(inputs.shape[:2] if signature.per == "step" else inputs.shape[:1])
    if targets is None or tuple(targets.shape) != shape:
        seen = "None" if targets is None else f"{tuple(targets.shape)}"
        return Violation(f"targets {shape}", seen)
    counted = targets[targets != IGNORED]
    if mismatch := _range_mismatch(counted, 0, signature.classes - 1, "targets"):
        return mismatch
    return None if lengths is None else _range_mismatch(lengths, 1, inputs.shape[1], "lengths")


def _input_mismatch(kind: Inputs, inputs: Tensor) -> Violation | None:
    seen = f"{inputs.dtype} {tuple(inputs.shape)}"
    if isinstance(kind, Tokens):
        if inputs.dim() != 2 or inputs.is_floating_point():
            return Violation("integer inputs (B, T)", seen)
        return _range_mismatch(inputs, 0, kind.size - 1, "ids")
    axes = ("T", kind.size) if isinstance(kind, Features) else (kind.channels, *kind.sizes)
    fits = inputs.dim() == len(axes) + 1 and all(
        axis in ("T", size) for axis, size in zip(axes, inputs.shape[1:], strict=True)
    )
    return None if fits else Violation(f"inputs {('B', *axes)}", seen)


def _range_mismatch(numbers: Tensor, minimum: int, maximum: int, noun: str) -> Violation | None:
    if not numbers.numel() or minimum <= int(numbers.min()) <= int(numbers.max()) <= maximum:
        return None
    seen = f"{int(numbers.min())} to {int(numbers.max())}"
    return Violation(f"{noun} from {minimum} to {maximum}", seen)


def equal_batches(batches: list[Batch], others: list[Batch]) -> bool:
    """Returns whether two lists hold equal batches in the same order."""
    return len(batches) == len(others) and all(
        batch.carry == other.carry and all(map(_equal, batch[:3], other[:3]))
        for batch, other in zip(batches, others, strict=True)
    )


def _equal(tensor: Tensor | None, other: Tensor | None) -> bool:
    if tensor is None or other is None:
        return tensor is other
    return torch.equal(tensor, other)


def row_bytes(batches: list[Batch]) -> set[bytes]:
    """Returns the bytes of every row with its label, without padding."""
    rows = set()
    for inputs, targets, lengths, _ in batches:
        assert targets is not None, "training data has labels"
        ends = lengths.tolist() if lengths is not None else [None] * len(inputs)
        for row, label, end in zip(inputs, targets, ends, strict=True):
            rows.add(row[:end].numpy().tobytes() + label.numpy().tobytes())
    return rows
