"""The interface of a dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from zoo_core.data.encodings import AUTO
from zoo_core.data.signature import Signature
from zoo_core.data.text import read_text, text_lines
from zoo_core.data.vocabulary import REFUSE, Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn.batch import Batch, Output

if TYPE_CHECKING:
    from zoo_core.runtime.nn.model import AbstractModel


class AbstractDataset(ABC):
    """Batches of sequences with labels.

    A dataset that is built with the vocabulary of a checkpoint must encode and decode without its
    data, so that a model can be used on a machine that does not have the data. What else it needs
    for that, such as the names of the labels, it makes part of its signature and takes from there
    in ``adopt``.
    """

    def adopt(self, signature: Signature) -> None:  # noqa: B027  # most datasets adopt nothing
        """Takes over what the training data of a checkpoint decided, such as names and scales.

        It is called before anything else. By default nothing is taken over: the vocabulary, which
        the factory gets, is all that most datasets need.

        Args:
            signature: The signature of the checkpoint, which may be one of another dataset.
        """

    @property
    @abstractmethod
    def signature(self) -> Signature:
        """What goes into a model of this data and what comes out."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of the prepared data; a run resumes only on data with the same fingerprint."""

    def read_again(self) -> None:  # noqa: B027  # most datasets read their data each time
        """Forgets what is known of files by their time and size, so that they are hashed again."""

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

    def answer(self, model: AbstractModel, batch: Batch) -> str:
        """Returns the answer of a model to a batch of one in words.

        By default it decodes one output; a dataset whose answers take several steps overrides it.

        Args:
            model: The model, in evaluation mode.
            batch: What ``encode`` returned.
        """
        return self.decode(model(batch))

    def baselines(self, split: str) -> dict[str, dict[str, float]]:
        """Returns the metrics of simple predictions on a split, to compare a model with.

        An evaluation prints them, by the name of the prediction; by default there are none.
        """
        return {}

    @property
    def further_metric_names(self) -> tuple[str, ...]:
        """The names of the metrics that ``further_metrics`` may return."""
        return ()

    def further_metrics(self, model: AbstractModel, split: str) -> dict[str, float]:
        """Returns metrics of a split that need more than one output of the model for each batch.

        Forecasts that continue from forecasts are an example; by default there are none. They are
        measured after the batches of every evaluation, without gradients, and lower is better.

        Args:
            model: The model, in evaluation mode.
            split: One of ``splits``.
        """
        return {}

    def read_inputs(self, path: Path) -> list[str]:
        """Returns the inputs that a file holds, as a person would type them; by default its lines.

        Raises:
            DataError: The file cannot be read.
        """
        return text_lines(read_text(path, AUTO))


def answers_in_steps(dataset: AbstractDataset) -> bool:
    """Whether a dataset makes its answers of several outputs of a model, in its own ``answer``."""
    return type(dataset).answer is not AbstractDataset.answer


def encode_text(
    text: str, vocabulary: Vocabulary, unknown: Unknown = REFUSE, *, most: int | None = None
) -> Batch:
    """Returns a typed text as a batch of one, tokens (1, T).

    Args:
        text: The text.
        vocabulary: The vocabulary.
        unknown: What to do with symbols that it lacks.
        most: The most symbols; only the beginning of a longer text is used. None for all.

    Raises:
        DataError: The text is empty or has symbols that the vocabulary lacks.
    """
    ids = vocabulary.encode(text_symbols(text, vocabulary)[:most], unknown)
    if not ids:
        raise DataError("an empty input; give at least one symbol")
    return Batch(torch.tensor([ids]))


def text_symbols(text: str, vocabulary: Vocabulary) -> list[str]:
    """Returns the symbols of a text that stands by itself.

    A first word that the vocabulary has only after a blank is that one.
    """
    symbols = vocabulary.tokenizer.split(text)
    if symbols and symbols[0] not in vocabulary.ids:
        after_blank = f" {symbols[0]}"
        symbols[0] = after_blank if after_blank in vocabulary.ids else symbols[0]
    return symbols
