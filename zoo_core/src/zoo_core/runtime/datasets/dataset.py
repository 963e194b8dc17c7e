"""The interface of a dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch

from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import REFUSE, Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn.batch import Batch, Output


class AbstractDataset(ABC):
    """Batches of sequences with labels.

    A dataset that is built with the vocabulary of a checkpoint must encode and decode without its
    data, so that a model can be used on a machine that does not have the data.
    """

    @property
    @abstractmethod
    def signature(self) -> Signature:
        """What goes into a model of this data and what comes out."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of the prepared data; a run resumes only on data with the same fingerprint."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """The splits that exist, out of ``train``, ``validation`` and ``test``."""

    @property
    @abstractmethod
    def example(self) -> str:
        """A typical input to try a model on."""

    @abstractmethod
    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: There is not enough data for one batch.
        """

    def total_batch_count(self, split: str, size: int, seed: int, epochs: int) -> int:
        """Returns the number of batches of the epochs 1 to ``epochs``, which a schedule needs.

        Override it where ``batch_count`` takes time and does not depend on the epoch.

        Raises:
            DataError: There is not enough data for one batch.
        """
        return sum(self.batch_count(split, size, seed, epoch) for epoch in range(1, epochs + 1))

    @abstractmethod
    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns the batches of an epoch, a pure function of the arguments.

        Args:
            split: One of ``splits``.
            size: B, sequences per batch; the last batch may be smaller.
            seed: Seed of the epoch order.
            epoch: Counts from 1, and the order may change with it. 0 means evaluation, which
                has no randomness.
            start: Number of batches to skip.
        """

    @abstractmethod
    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns typed input as a batch of one.

        Raises:
            DataError: The input cannot be encoded.
        """

    @abstractmethod
    def decode(self, output: Output) -> str:
        """Returns a model's output for a batch of one in words."""


def encode_text(text: str, vocabulary: Vocabulary, unknown: Unknown = REFUSE) -> Batch:
    """Returns a typed text as a batch of one, tokens (1, T).

    Raises:
        DataError: The text is empty or has symbols that the vocabulary lacks.
    """
    ids = vocabulary.encode(text, unknown)
    if not ids:
        raise DataError("an empty input; give at least one symbol")
    return Batch(torch.tensor([ids]))
