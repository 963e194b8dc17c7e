"""The dataset of a task: rows that are drawn, each once, and a test split of longer ones."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.tokenizer import BUILT_IN, CHARACTERS, AbstractTokenizer
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset, encode_text
from zoo_core.runtime.datasets.splits import check_split
from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_core.storage.capacity import ensure_free_memory
from zoo_tasks.rows import TaskRows, joined

SPLITS = ("train", "validation", "test")
MAX_DRAWN = 50
"""Rows that are drawn for each one that is needed before there are too few different ones."""
MAX_AT_ONCE = 1 << 26
"""Symbols that are drawn at once."""
BYTES_PER_SYMBOL = 8
"""What a symbol and its label take, twice while the rows are put in order."""
WORDS = BUILT_IN["word"]
"""The tokenizer of symbols that have several characters, each with a blank before it."""


class TaskSettings(Protocol):
    """What every task has settings for."""

    @property
    def counts(self) -> dict[str, int]:
        """The rows of each split."""

    @property
    def seed(self) -> int:
        """What decides which rows are drawn."""


class AbstractTaskDataset(AbstractDataset):
    """A task whose rows are drawn at random, none of them twice.

    Train and validation are of one distribution, and the rows of test are longer. No row is in two
    splits, and none is twice in one. Nothing is drawn before it is needed.

    Args:
        name: Name of the dataset in errors.
        config: Settings of the dataset.
    """

    splits = SPLITS
    row_options = "--dataset.examples, --dataset.held-out"
    """The options that decide how many rows there are, for errors."""

    def __init__(self, name: str, config: TaskSettings) -> None:
        self.name, self._settings = name, config
        self._kept: dict[str, TaskRows] = {}

    @abstractmethod
    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows, drawn independently of each other, so that some may be equal.

        Args:
            count: How many.
            generator: The source of all that is random.
            is_test: Whether the rows are those of test, or those of train and validation.
        """

    def rows(self, split: str) -> TaskRows:
        """Returns the rows of a split, which are kept.

        Raises:
            DataError: There are not so many different rows, or there is no such split.
        """
        check_split(split, self.splits, self.name)
        if split not in self._kept:
            self._kept |= self._drawn(is_test=split == "test")
        return self._kept[split]

    def _drawn(self, *, is_test: bool) -> dict[str, TaskRows]:
        """Returns the rows of test, or those of train and validation."""
        generator = torch.Generator().manual_seed(2 * self._settings.seed + is_test)
        counts = self._settings.counts
        if is_test:
            known = torch.cat([self.rows(split).hashes() for split in ("train", "validation")])
            return {"test": self._distinct(counts["test"], generator, known, is_test=True)}
        held_out, count = counts["validation"], counts["train"] + counts["validation"]
        pool = self._distinct(count, generator, torch.empty(0, dtype=torch.int64), is_test=False)
        # The last rows have fewer short ones, which are soon all drawn: they go to both splits.
        order = torch.randperm(count, generator=generator)
        return {
            "train": pool.select(order[held_out:]),
            "validation": pool.select(order[:held_out]),
        }

    def _distinct(
        self, count: int, generator: torch.Generator, known: Tensor, *, is_test: bool
    ) -> TaskRows:
        """Returns different rows, none of which is known.

        Args:
            count: How many.
            generator: The source of all that is random.
            known: The hashes of rows that are not to be drawn, (K,).
            is_test: Whether the rows are those of test.

        Raises:
            DataError: There are not so many.
            DeviceError: They do not fit into the free memory.
        """
        parts: list[TaskRows] = []
        found = 0
        symbols = self.draw(1, torch.Generator(), is_test=is_test).inputs.numel()
        remedy = f"ask for fewer rows ({self.row_options}) or for shorter ones"
        ensure_free_memory(count * symbols * BYTES_PER_SYMBOL, self.name, remedy)
        at_once = min(count, max(1, MAX_AT_ONCE // symbols))
        for _ in range(0, MAX_DRAWN * count, at_once):
            rows = self.draw(at_once, generator, is_test=is_test)
            hashes = rows.hashes()
            new = _is_first(torch.cat([known, hashes]))[len(known) :].nonzero()[: count - found, 0]
            parts.append(rows.select(new))
            known = torch.cat([known, hashes[new]])
            found += len(new)
            if found == count:
                return joined(parts)
        raise DataError(
            f"{self.name}: there are hardly more than {found:,} different rows of these lengths, "
            f"and {count:,} are needed; ask for fewer ({self.row_options}) or for longer rows"
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the rows of all splits."""
        digest = hashlib.sha256()
        for split in self.splits:
            rows = self.rows(split)
            for tensor in (rows.inputs, rows.targets, rows.lengths):
                if tensor is not None:
                    digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: There are not so many different rows, or there is no such split.
        """
        return -(-len(self.rows(split)) // size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns the batches of an epoch, shuffled in training."""
        return self.rows(split).batches(size, seed, epoch, start)


class AbstractTokenTask(AbstractTaskDataset):
    """A task on symbols, with a class for each row or for each of its steps.

    Args:
        name: Name of the dataset in errors.
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the symbols.
        symbols: The symbols, in the order of the tokens that ``draw`` returns.
        outputs: The classes.
    """

    def __init__(
        self,
        name: str,
        config: TaskSettings,
        vocabulary: Vocabulary | None,
        *,
        symbols: Sequence[str],
        outputs: Classes,
    ) -> None:
        super().__init__(name, config)
        has_words = any(len(symbol) > 1 for symbol in symbols)
        tokenizer: AbstractTokenizer = WORDS if has_words else CHARACTERS
        self._symbols, self.outputs = tuple(symbols), outputs
        self.vocabulary = vocabulary or Vocabulary(self._symbols, tokenizer=tokenizer)

    @property
    def signature(self) -> Signature:
        """Tokens, with a class for each row or step."""
        inputs = Tokens(len(self.vocabulary))
        return Signature(inputs=inputs, outputs=self.outputs, vocabulary=self.vocabulary)

    def rows(self, split: str) -> TaskRows:
        """Returns the rows of a split as ids of the vocabulary.

        Raises:
            DataError: There are not so many different rows, there is no such split, or the
                vocabulary of a checkpoint lacks a symbol.
        """
        rows = super().rows(split)
        if self.vocabulary.symbols == self._symbols:
            return rows
        ids = torch.tensor(self.vocabulary.encode(self._symbols), dtype=torch.int16)
        return replace(rows, inputs=ids[rows.inputs.long()])

    @property
    def example(self) -> str:
        """The first row of train."""
        batch = self.rows("train").select(torch.tensor([0])).as_batch()
        return self.vocabulary.decode(batch.inputs[0].tolist()).strip()

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns typed symbols as a batch of one, tokens (1, T), without blanks and commas."""
        words = value.replace(",", " ").split()
        if self.vocabulary.tokenizer == WORDS:
            text = "".join(f" {word}" for word in words)
        else:
            text = "".join(words)
        return encode_text(text, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the likeliest class, or that of every step."""
        likeliest = output.logits[0].argmax(dim=-1).reshape(-1).tolist()
        names = [self.outputs.names[index] for index in likeliest]
        return ("" if max(map(len, self.outputs.names)) == 1 else " ").join(names)

    def baselines(self, split: str) -> dict[str, dict[str, float]]:
        """Returns the accuracy of a guess, and of the best answer to the symbol read last.

        ``guess`` is 1 / classes. ``memoryless`` always gives the class that is most frequent at
        the symbol of the step, counted in the split itself; of a row, at its last symbol.
        """
        batch = self.rows(split).as_batch()
        symbols, targets = batch.inputs, batch.targets
        if targets.dim() == 1:
            last = torch.full_like(targets, symbols.shape[1] - 1)
            last = last if batch.lengths is None else batch.lengths - 1
            symbols = symbols.gather(1, last[:, None])[:, 0]
        counted, classes = targets != IGNORED, self.outputs.size
        pairs = symbols[counted] * classes + targets[counted]
        counts = pairs.bincount(minlength=len(self.vocabulary) * classes).view(-1, classes)
        memoryless = int(counts.max(dim=1).values.sum()) / int(counts.sum())
        return {"guess": {"accuracy": 1 / classes}, "memoryless": {"accuracy": memoryless}}


def _is_first(hashes: Tensor) -> Tensor:
    """Returns whether each number is the first of its value, (N,)."""
    order = hashes.argsort(stable=True)
    ordered = hashes[order]
    is_new = torch.ones(len(hashes), dtype=torch.bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    first = torch.empty_like(is_new)
    first[order] = is_new
    return first
