"""A dataset to check, and comparisons of its batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.configs.settings import build_config
from zoo_core.data.signature import (
    Classes,
    Custom,
    Features,
    Inputs,
    Keys,
    Outputs,
    Signature,
    Tokens,
)
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import IGNORED, Batch, Tree, leaves
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
        batch: Inputs (B, T), (B, T, F) or (B, C, *sizes), targets as the outputs say, lengths (B,).
    """
    inputs, targets, context = batch.inputs, batch.targets, batch.context
    if mismatch := _input_mismatch(signature.inputs, inputs):
        return mismatch
    if (names := list(context or {})) != list(signature.context):
        return Violation(f"further inputs {list(signature.context)}", f"{names}")
    for name, tensor in (context or {}).items():
        if mismatch := _input_mismatch(signature.context[name], tensor):
            return mismatch
    if targets is None:
        return Violation("targets", "None")
    if mismatch := _target_mismatch(signature.outputs, inputs, targets):
        return mismatch
    return _mark_mismatch(batch)


def _mark_mismatch(batch: Batch) -> Violation | None:
    """Returns what is wrong with the lengths and resets of a batch, or None."""
    lengths, resets, shape = batch.lengths, batch.resets, batch.inputs.shape[:2]
    for name, numbers in (batch.context_lengths or {}).items():
        steps = (batch.context or {})[name].shape[1]
        if mismatch := _range_mismatch(numbers, 1, steps, f"lengths of {name}"):
            return mismatch
    if resets is not None and (resets.dtype != torch.bool or resets.shape != shape):
        seen = f"{resets.dtype} {tuple(resets.shape)}"
        return Violation(f"boolean resets {tuple(shape)}", seen)
    return None if lengths is None else _range_mismatch(lengths, 1, shape[1], "lengths")


def _target_mismatch(outputs: Outputs, inputs: Tensor, targets: Tree) -> Violation | None:
    if isinstance(outputs, Custom):
        rows = [len(tensor) for tensor in leaves(targets)]
        fits = rows == [len(inputs)] * len(rows)
        return None if fits else Violation(f"targets of {len(inputs)} rows", f"{rows}")
    shape = tuple(inputs.shape[:2] if outputs.per == "step" else inputs.shape[:1])
    if not isinstance(outputs, Classes):
        shape = (*shape, outputs.size)
    if tuple(targets.shape) != shape:
        return Violation(f"targets {shape}", f"{tuple(targets.shape)}")
    if isinstance(outputs, Classes):
        return _range_mismatch(targets[targets != IGNORED], 0, outputs.size - 1, "targets")
    if not targets.is_floating_point():
        return Violation("targets that are floats", f"{targets.dtype}")
    if isinstance(outputs, Keys) and not ((targets == 0) | (targets == 1) | targets.isnan()).all():
        return Violation("targets 0, 1 or NaN", "other numbers")
    return None


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
        batch.carry == other.carry and _equal(batch, other)
        for batch, other in zip(batches, others, strict=True)
    )


def _equal(batch: Batch, other: Batch) -> bool:
    tensors, others = leaves(batch.tensors), leaves(other.tensors)
    return len(tensors) == len(others) and all(map(_equal_tensors, tensors, others))


def _equal_tensors(tensor: Tensor, other: Tensor) -> bool:
    """Returns whether two tensors are equal, where NaN, a target that does not count, is itself."""
    if (tensor.shape, tensor.dtype) != (other.shape, other.dtype):
        return False
    return bool(((tensor == other) | (tensor.isnan() & other.isnan())).all())


def row_bytes(batches: list[Batch]) -> set[bytes]:
    """Returns the bytes of every row with its label and its further inputs, without padding."""
    rows = set()
    for batch in batches:
        assert batch.targets is not None, "training data has labels"
        ends = _ends(batch.lengths, len(batch.inputs))
        labels = zip(*leaves(batch.targets), strict=True)
        context = _context_rows(batch)
        for row, label, end, further in zip(batch.inputs, labels, ends, context, strict=True):
            parts = [row[:end], *label, *further]
            rows.add(b"".join(part.numpy().tobytes() for part in parts))
    return rows


def _ends(lengths: Tensor | None, rows: int) -> list[int | None]:
    return [None] * rows if lengths is None else lengths.tolist()


def _context_rows(batch: Batch) -> list[list[Tensor]]:
    """Returns the further inputs of every row, without padding."""
    found: list[list[Tensor]] = [[] for _ in batch.inputs]
    for name, tensor in (batch.context or {}).items():
        ends = _ends((batch.context_lengths or {}).get(name), len(tensor))
        for parts, row, end in zip(found, tensor, ends, strict=True):
            parts.append(row[:end])
    return found
