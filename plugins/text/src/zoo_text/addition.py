"""Sums of two numbers as text: ``12+7=19``.

Source: the Keras example ``addition_rnn``, which adds numbers of a few digits with two LSTMs.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from functools import cached_property
from itertools import islice, takewhile
from math import isqrt
from typing import final

import torch

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import check_split_not_empty
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch, Output
from zoo_text.configs import AdditionConfig

EQUALS, END = "=", "<end>"
"""The symbols between question and answer, and after the answer."""
SYMBOLS = (END, "+", *"0123456789", EQUALS)
"""All 13 symbols."""


def pair_count(digits: int) -> int:
    """Returns the number of pairs of whole numbers of at most so many digits, in either order.

    They are 55 for one digit, 5,050 for two and 500,500 for three.
    """
    numbers: int = 10**digits
    return numbers * (numbers + 1) // 2


@final
class AdditionDataset(AbstractLabelledDataset):
    """Different sums, each as one sequence: question, ``=``, answer.

    The labels are the next symbols of the answer and then ``<end>``; those of the question are
    ignored. The pairs of numbers are drawn evenly, each in one order and once, so that no two
    splits share a sum, not even with its numbers exchanged.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of digits and signs.

    Raises:
        DataError: There are not so many pairs of numbers of so few digits, or the fractions leave
            nothing to train on.
    """

    def __init__(self, config: AdditionConfig, vocabulary: Vocabulary | None) -> None:
        super().__init__("addition", config)
        if config.examples > pair_count(config.digits):
            raise DataError(
                f"addition: there are {pair_count(config.digits):,} pairs of numbers for "
                f"--dataset.digits {config.digits}, and {config.examples:,} were asked for; give "
                "a smaller --dataset.examples or a larger --dataset.digits"
            )
        self.config = config
        self.vocabulary = vocabulary or Vocabulary(SYMBOLS)

    @cached_property
    def sums(self) -> list[tuple[str, str]]:
        """The questions and answers, in their order and not reversed: ``12+7``, ``19``."""
        generator = random.Random(self.config.seed)  # the same for a seed in every process
        drawn = generator.sample(range(pair_count(self.config.digits)), self.config.examples)
        return [_sum(index, exchanged=generator.random() < 0.5) for index in drawn]

    @property
    def signature(self) -> Signature:
        """Tokens, with the next token as the label of every step."""
        size = len(self.vocabulary)
        outputs = Classes(size, per="step", next_token=True)
        return Signature(inputs=Tokens(size), outputs=outputs, vocabulary=self.vocabulary)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the sums as they are read."""
        lines = [
            f"{self._question(question)}{self._answer(answer)}" for question, answer in self.sums
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def example(self) -> str:
        """The first question."""
        return self.sums[0][0]

    def rows(self, split: str) -> RaggedRows:
        """Returns the sums of a split as sequences (T,) with the labels of their steps (T,).

        Raises:
            DataError: The split is empty, or there is no such split.
        """
        chosen = self.sums[self.split_slice(len(self.sums), split)]
        check_split_not_empty(len(chosen), split, self.name)
        inputs, labels = [], []
        for question, answer in chosen:
            asked = self.vocabulary.encode(self._question(question))
            answered = self.vocabulary.encode(self._answer(answer))
            inputs.append(torch.tensor([*asked, *answered]))
            ignored = [IGNORED] * (len(asked) - 1)
            labels.append(torch.tensor([*ignored, *answered, self.vocabulary.ids[END]]))
        return RaggedRows(inputs, labels, per_step=True)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a question and ``=``, (1, T), without blanks."""
        question = "".join(value.split()).removesuffix(EQUALS)
        return encode_text(self._question(question) if question else "", self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the likeliest symbol of every step up to ``<end>``."""
        return self._text_before_end(output.logits[0].argmax(dim=-1).tolist())

    def answer(self, model: AbstractModel, batch: Batch) -> str:
        """Returns the sum that a model predicts symbol by symbol, always the likeliest."""
        ids = generate(model, batch, Sampler(temperature=0.0))
        longest = self.config.digits + 1
        return self._answer(self._text_before_end(islice(ids, longest)))

    def _question(self, question: str) -> str:
        """Returns a question as it is read, with its ``=``."""
        return (question[::-1] if self.config.reversed == "question" else question) + EQUALS

    def _answer(self, answer: str) -> str:
        """Returns an answer as it is read, or the other way round."""
        return answer[::-1] if self.config.reversed == "answer" else answer

    def _text_before_end(self, ids: Iterable[int]) -> str:
        end = self.vocabulary.ids[END]
        return self.vocabulary.decode(takewhile(lambda symbol: symbol != end, ids))


def _sum(index: int, *, exchanged: bool) -> tuple[str, str]:
    """Returns a question and its answer.

    Args:
        index: Number of the pair: (0, 0), (1, 0), (1, 1), (2, 0) and so on.
        exchanged: Whether the smaller number comes first.
    """
    larger = (isqrt(8 * index + 1) - 1) // 2
    smaller = index - larger * (larger + 1) // 2
    first, second = (smaller, larger) if exchanged else (larger, smaller)
    return f"{first}+{second}", str(first + second)


def sample_settings() -> dict[str, int]:
    """Returns the settings for all sums of one-digit numbers, for the conformance checks."""
    return {"digits": 1, "examples": pair_count(1)}
