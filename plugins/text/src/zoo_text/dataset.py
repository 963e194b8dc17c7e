"""A text as a dataset: symbols, splits, windows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import final

import torch
from torch import Tensor
from zoo_core.errors import DataError
from zoo_core.runtime.batch import Batch, Output
from zoo_core.runtime.dataset import AbstractDataset
from zoo_core.vocabulary import REFUSE

from zoo_core import Signature, Tokens, Unknown, Vocabulary
from zoo_text import windows
from zoo_text.configs import AbstractTextConfig


@final
class TextDataset(AbstractDataset):
    """Predict the next symbol of a text.

    Train, validation and test lie one after the other in the text and do not overlap. The text is
    read when it is first needed.

    Args:
        name: What errors call it.
        config: How the text becomes windows.
        read: Gives the text, prepared.
        vocabulary: A checkpoint's, or None for the text's own symbols, sorted.
    """

    def __init__(
        self,
        name: str,
        config: AbstractTextConfig,
        read: Callable[[], str],
        vocabulary: Vocabulary | None,
    ) -> None:
        if config.validation + config.test >= 1:
            shares = f"{config.validation:g} + {config.test:g}"
            raise DataError(f"{name}: validation + test = {shares} leaves nothing to train on")
        self.name, self.config, self._read, self._given = name, config, read, vocabulary

    @cached_property
    def text(self) -> str:
        """The whole text."""
        return self._read()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols."""
        if self._given is not None:
            return self._given
        if not self.text:
            raise DataError(f"{self.name}: the text is empty")
        return Vocabulary.of(self.text)

    @property
    def signature(self) -> Signature:
        """Tokens, with the next token as label of every step."""
        size = len(self.vocabulary)
        return Signature(
            inputs=Tokens(size),
            classes=size,
            per="step",
            vocabulary=self.vocabulary,
            next_symbol=True,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the prepared text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def splits(self) -> tuple[str, ...]:
        """Those whose share is not zero."""
        shares = {"validation": self.config.validation, "test": self.config.test}
        return ("train", *(split for split, share in shares.items() if share))

    @cached_property
    def tokens(self) -> Tensor:
        """The whole text as ids, (N,)."""
        return torch.tensor(self.vocabulary.encode(self.text))

    def split_tokens(self, split: str) -> Tensor:
        """The ids of one split.

        Raises:
            DataError: There is no such split.
        """
        if split not in self.splits:
            raise DataError(f"{self.name} has no split {split!r}; it has {', '.join(self.splits)}")
        total = len(self.tokens)
        test = total - int(total * self.config.test)
        validation = test - int(total * self.config.validation)
        bounds = {"train": (0, validation), "validation": (validation, test), "test": (test, total)}
        first, last = bounds[split]
        return self.tokens[first:last]

    @property
    def example(self) -> str:
        """The text's first word."""
        return next(iter(self.text.split()), self.text)

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches of windows an epoch has."""
        tokens = len(self.split_tokens(split)) - windows.offset(self.config.steps, seed, epoch)
        random = self.config.sampling == "random"
        count = windows.random_count if random else windows.sequential_count
        found = count(tokens, self.config.steps, size)
        if found < 1:
            need = f"{self.config.steps + 1}" if random else f"{size + 1} (batch size + 1)"
            raise DataError(
                f"{self.name}: split {split} has {max(tokens, 0)} symbols, one batch needs {need}; "
                "give more text, or a smaller --trainer.batch-size or --dataset.steps"
            )
        return found

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Windows (B, T), with the same windows one symbol later as targets."""
        self.batch_count(split, size, seed, epoch)
        steps = self.config.steps
        tokens = self.split_tokens(split)[windows.offset(steps, seed, epoch) :]
        if self.config.sampling == "random":
            return windows.random(tokens, steps, size, seed=seed, epoch=epoch, start=start)
        return windows.sequential(tokens, steps, size, start)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """A text, (1, T)."""
        ids = self.vocabulary.encode(value, unknown)
        if not ids:
            raise DataError("an empty input; give at least one symbol")
        return Batch(torch.tensor([ids]))

    def decode(self, output: Output) -> str:
        """After each symbol, the likeliest next one."""
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).tolist())
