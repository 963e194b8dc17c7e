"""A dataset that keeps every rule, and datasets that break one rule each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.testing.faulty.configs import Data, File
from zoo_core import Classes, Custom, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Batch, Output

SYMBOLS = tuple("abcdefghijklmnopqrstuvwxyz")


class Honest(AbstractDataset):
    """Rows of letters in order, each from another letter on, labelled with the next letters."""

    splits = ("train", "validation")
    example = "abc"

    def __init__(self, config: Data, vocabulary: Vocabulary | None) -> None:
        self.config = config
        self.vocabulary = vocabulary or Vocabulary(SYMBOLS)

    @property
    def signature(self) -> Signature:
        """Letters, labelled at every step."""
        size = len(SYMBOLS)
        inputs = Tokens(size)
        return Signature(
            inputs=inputs, outputs=Classes(size, per="step"), vocabulary=self.vocabulary
        )

    @property
    def fingerprint(self) -> str:
        """The hash of the letters."""
        return hashlib.sha256("".join(SYMBOLS).encode()).hexdigest()

    def rows(self, split: str) -> Tensor:
        """Returns letters (R, T + 1)."""
        first = torch.arange(19) if split == "train" else torch.arange(19, 26)
        return (first.unsqueeze(1) + torch.arange(self.config.steps + 1)) % len(SYMBOLS)

    def order(self, count: int, seed: int, epoch: int) -> Tensor:
        """Returns the order of the rows."""
        if epoch == 0:
            return torch.arange(count)
        return torch.randperm(count, generator=torch.Generator().manual_seed(seed * 99 + epoch))

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch."""
        return -(-len(self.rows(split)) // size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Yields letters (B, T) and the letters after them (B, T)."""
        rows = self.rows(split)
        order = self.order(len(rows), seed, epoch)
        for first in range(start * size, len(rows), size):
            chosen = rows[order[first : first + size]]
            yield Batch(chosen[:, :-1], chosen[:, 1:])

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns letters (1, T)."""
        return Batch(torch.tensor([self.vocabulary.encode(value, unknown)]))

    def decode(self, output: Output) -> str:
        """Returns the likeliest letters."""
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).tolist())


class InDict(Honest):
    """The same rows, whose next letters are one of two targets in a dict."""

    @property
    def signature(self) -> Signature:
        """Letters, and targets of a form that a trainer knows."""
        size = len(SYMBOLS)
        outputs = Custom(size, per="step", targets="letters and their number")
        return Signature(inputs=Tokens(size), outputs=outputs, vocabulary=self.vocabulary)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Yields letters (B, T), the letters after them (B, T) and how many there are (B,)."""
        for batch in super().batches(split, size, seed, epoch, start):
            letters = batch.targets
            counts = torch.full((len(letters),), letters.shape[1])
            yield batch._replace(targets={"letters": letters, "count": counts})


class InFile(Honest):
    """The same rows, which begin at the letters in a file with one line for each split."""

    def __init__(self, config: File, vocabulary: Vocabulary | None) -> None:
        super().__init__(config, vocabulary)
        self.lines = config.path.read_text("utf-8").splitlines()
        if len(self.lines) != len(self.splits):
            raise DataError(f"{config.path}: {len(self.lines)} lines, expected 2")

    @property
    def fingerprint(self) -> str:
        """The hash of the lines."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    def rows(self, split: str) -> Tensor:
        """Returns letters (R, T + 1)."""
        first = torch.tensor(self.vocabulary.encode(self.lines[self.splits.index(split)]))
        return (first.unsqueeze(1) + torch.arange(self.config.steps + 1)) % len(SYMBOLS)


def sample_settings() -> dict[str, Path]:
    """Returns the path of a small file."""
    return {"path": Path(__file__).with_name("letters.txt")}


class CountedFromOne(Honest):  # noqa: D101  # the plugin's table says what is wrong with each
    def rows(self, split: str) -> Tensor:
        return super().rows(split) + 1


class Truncated(Honest):  # noqa: D101
    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        return max(1, len(self.rows(split)) // size)


class FromTheTop(Honest):  # noqa: D101
    def batches(self, split: str, size: int, seed: int, epoch: int, start: int = 0) -> Any:
        return super().batches(split, size, seed, epoch)


class GloballyShuffled(Honest):  # noqa: D101
    def order(self, count: int, seed: int, epoch: int) -> Tensor:
        return torch.randperm(count) if epoch else torch.arange(count)


class AlwaysShuffled(Honest):  # noqa: D101
    def order(self, count: int, seed: int, epoch: int) -> Tensor:
        return super().order(count, seed, epoch + 1)


class Leaking(Honest):  # noqa: D101
    def rows(self, split: str) -> Tensor:
        return super().rows("train")[-8 if split == "validation" else 0 :]


class Hashed(Honest):  # noqa: D101
    @property
    def fingerprint(self) -> str:
        return str(hash("".join(SYMBOLS)))


class Numeric(Honest):  # noqa: D101
    def decode(self, output: Output) -> Any:
        return output.logits[0].argmax(dim=-1).tolist()
