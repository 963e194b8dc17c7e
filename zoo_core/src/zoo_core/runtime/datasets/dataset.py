"""What a dataset is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import REFUSE, Unknown
from zoo_core.runtime.nn.batch import Batch, Output


class AbstractDataset(ABC):
    """Batches of sequences with labels.

    A dataset made with a vocabulary (a checkpoint's) must encode and decode without its data, so
    that a model can be used where the data is not at hand.
    """

    @property
    @abstractmethod
    def signature(self) -> Signature:
        """What goes into a model of this data and what comes out."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of the data as prepared; another one means another run."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """Which of ``train``, ``validation`` and ``test`` there are."""

    @property
    @abstractmethod
    def example(self) -> str:
        """An input worth trying a model on."""

    @abstractmethod
    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches an epoch has.

        Raises:
            DataError: There is not enough data for one.
        """

    @abstractmethod
    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """The batches of an epoch, a pure function of the arguments.

        Args:
            split: One of ``splits``.
            size: B, sequences in a batch; the last batch may be smaller.
            seed: Of the order.
            epoch: From 1; the order may differ from epoch to epoch. 0 is for evaluation: no
                randomness.
            start: How many batches to pass over.
        """

    @abstractmethod
    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """What a person typed, as a batch of one.

        Raises:
            DataError: It cannot be encoded.
        """

    @abstractmethod
    def decode(self, output: Output) -> str:
        """What a model says of a batch of one, in words."""
