"""One word and its answer, the smallest dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import final

import torch

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset, encode_text
from zoo_core.runtime.nn import Batch, Output
from zoo_text.configs import HelloConfig


@final
class HelloDataset(AbstractDataset):
    """One sequence with a label for each step.

    Args:
        config: Word and answer.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of word and answer.

    Raises:
        DataError: Word and answer differ in length, or are empty.
    """

    splits = ("train",)

    def __init__(self, config: HelloConfig, vocabulary: Vocabulary | None) -> None:
        word, answer = config.word, config.answer
        if len(word) != len(answer) or not word:
            raise DataError(
                f"the word {word!r} has the length {len(word)}, its answer {answer!r} the length "
                f"{len(answer)}; give both the same length with --dataset.word and --dataset.answer"
            )
        self.config = config
        self.vocabulary = vocabulary or Vocabulary.of(word + answer)

    @cached_property
    def signature(self) -> Signature:
        """Tokens, with a token as the label of every step."""
        size = len(self.vocabulary)
        return Signature(
            inputs=Tokens(size), outputs=Classes(size, per="step"), vocabulary=self.vocabulary
        )

    @property
    def fingerprint(self) -> str:
        """The sha256 of word and answer."""
        text = f"{self.config.word}\n{self.config.answer}"
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def example(self) -> str:
        """The word."""
        return self.config.word

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns 1."""
        return 1

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Yields the sequence, (1, T)."""
        if start == 0:
            yield self._batch

    @cached_property
    def _batch(self) -> Batch:
        """The sequence as a batch of one.

        Raises:
            DataError: The vocabulary lacks a symbol.
        """
        word, answer = self.config.word, self.config.answer
        inputs, targets = self.vocabulary.encode(word), self.vocabulary.encode(answer)
        if len(inputs) < len(word) or len(targets) < len(answer):
            raise DataError(
                f"{word!r} or {answer!r} has symbols that the vocabulary lacks; they cannot be "
                "skipped, because every symbol has its label: replace them"
            )
        return Batch(torch.tensor([inputs]), torch.tensor([targets]))

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a word, (1, T)."""
        return encode_text(value, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the most likely symbol of every step."""
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).tolist())
