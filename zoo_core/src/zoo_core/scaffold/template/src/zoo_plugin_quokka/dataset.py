# [dataset]
"""Bits, and after each of them whether the ones so far are odd."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import final

import torch
from torch import Tensor
from zoo_core import Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Batch, Output

from zoo_plugin_quokka.configs import QuokkaDataConfig

BITS = Vocabulary.of("01")


@final
class QuokkaDataset(AbstractDataset):
    """Every sequence of T bits once, shuffled once, and split.

    Args:
        config: What a person chose.
        vocabulary: A checkpoint's, or None for the two bits.
    """

    splits = ("train", "validation", "test")

    def __init__(self, config: QuokkaDataConfig, vocabulary: Vocabulary | None) -> None:
        self.config = config
        self.vocabulary = vocabulary or BITS

    @property
    def signature(self) -> Signature:
        """Tokens, with a bit as label of every step."""
        return Signature(inputs=Tokens(2), classes=2, per="step", vocabulary=self.vocabulary)

    @property
    def fingerprint(self) -> str:
        """Of the sequences in their order."""
        return hashlib.sha256(self.sequences.numpy().tobytes()).hexdigest()

    @property
    def example(self) -> str:
        """An input worth trying a model on."""
        return "01101"

    @cached_property
    def sequences(self) -> Tensor:
        """All of them, (2^T, T)."""
        numbers = torch.randperm(2**self.config.steps, generator=torch.Generator().manual_seed(0))
        return (numbers.unsqueeze(1) >> torch.arange(self.config.steps)) & 1

    def rows(self, split: str) -> Tensor:
        """The sequences of a split, (N, T).

        Raises:
            DataError: There is no such split.
        """
        if split not in self.splits:
            raise DataError(f"quokka has no split {split!r}; it has {', '.join(self.splits)}")
        total = len(self.sequences)
        test = total - int(total * self.config.test)
        validation = test - int(total * self.config.validation)
        parts = {"train": (0, validation), "validation": (validation, test), "test": (test, total)}
        return self.sequences[slice(*parts[split])]

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches an epoch has."""
        return -(-len(self.rows(split)) // size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Bits (B, T) and labels (B, T); in random order in training, a pure function of both."""
        rows = self.rows(split)
        if epoch:
            order = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
            rows = rows[torch.randperm(len(rows), generator=order)]
        for first in range(start * size, len(rows), size):
            chosen = rows[first : first + size]
            yield Batch(chosen, chosen.cumsum(dim=1) % 2)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Bits as text, (1, T)."""
        ids = self.vocabulary.encode(value, unknown)
        if not ids:
            raise DataError("an empty input; give at least one bit")
        return Batch(torch.tensor([ids]))

    def decode(self, output: Output) -> str:
        """The likelier bit of every step."""
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).tolist())


# [end]
