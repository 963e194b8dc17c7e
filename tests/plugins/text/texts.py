"""Datasets of texts that need no file, and comparison of batches."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from zoo_core import Vocabulary
from zoo_core.runtime.nn.batch import Batch
from zoo_text.configs import AbstractTextConfig
from zoo_text.dataset import TextDataset

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def text_dataset(text: str, vocabulary: Vocabulary | None = None, **settings: Any) -> TextDataset:
    """Returns a dataset of a text."""
    return TextDataset("letters", AbstractTextConfig(**settings), lambda: text, vocabulary)


def targets_of(batch: Batch) -> Tensor:
    """Returns the targets of a batch that has them."""
    assert isinstance(batch.targets, Tensor)
    return batch.targets


def same_batches(first: list[Batch], second: list[Batch]) -> bool:
    """Returns whether two lists of batches are equal."""
    pairs = list(zip(first, second, strict=False))
    return len(first) == len(second) and all(
        a.inputs.equal(b.inputs) and targets_of(a).equal(targets_of(b)) and a.carry == b.carry
        for a, b in pairs
    )
