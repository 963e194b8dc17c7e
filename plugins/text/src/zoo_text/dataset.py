"""A text as a dataset of windows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from zoo_core import Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset, encode_text
from zoo_core.runtime.datasets.epoch_order import epoch_offset, fixed_order
from zoo_core.runtime.datasets.labelled_rows import LabelledRows
from zoo_core.runtime.datasets.splits import check_split_fractions, split_names, split_slice
from zoo_core.runtime.nn import Batch, Output
from zoo_text.configs import AbstractTextConfig
from zoo_text.windows import sequential_batch_count, sequential_batches, sliding_windows

MAX_EXAMPLE_LENGTH = 30
"""Symbols of an example, which shares a line with a command."""


@final
class TextDataset(AbstractDataset):
    """Windows of a text with the next symbols as labels.

    Train, validation and test are three consecutive regions of the text, or windows from anywhere
    in it. The text is read when it is first needed.

    In evaluation (epoch 0) two symbols of a region are enough: one that is too short for a batch
    has fewer rows, and one that is shorter than a window is a window of its own.

    Args:
        name: Name of the dataset in errors.
        config: Settings of the windows and splits.
        read: Returns the prepared text.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of the text.
        special: Symbols that precede those of the text.
        example: A typical input, or empty for the first word of the text.

    Raises:
        DataError: The fractions leave nothing to train on, or sequential sampling was combined
            with a setting that it excludes.
    """

    def __init__(
        self,
        name: str,
        config: AbstractTextConfig,
        read: Callable[[], str],
        vocabulary: Vocabulary | None,
        *,
        special: tuple[str, ...] = (),
        example: str = "",
    ) -> None:
        check_split_fractions(config, name)
        if config.sampling == "sequential":
            _check_sequential(config, name)
        self.name, self.config, self._read = name, config, read
        self._checkpoint_vocabulary = vocabulary
        self._special, self._example = special, example

    @cached_property
    def _full_text(self) -> str:
        """The text without its limit; raises DataError if it is empty."""
        text = self._read()
        if not text:
            raise DataError(f"{self.name}: the text is empty")
        return text.lower() if self.config.lowercase else text

    @property
    def text(self) -> str:
        """The text up to its limit."""
        return self._full_text[: self.config.limit]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols of the full text, including those beyond the limit."""
        if self._checkpoint_vocabulary is not None:
            return self._checkpoint_vocabulary
        return Vocabulary((*self._special, *Vocabulary.of(self._full_text).symbols))

    @property
    def signature(self) -> Signature:
        """Tokens, with the next token as the label of every step or of the whole window."""
        size = len(self.vocabulary)
        return Signature(
            inputs=Tokens(size),
            classes=size,
            per=self.config.per,
            vocabulary=self.vocabulary,
            next_symbol=True,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the prepared text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def splits(self) -> tuple[str, ...]:
        """``train`` and the splits whose fraction is not zero."""
        return split_names(self.config)

    @cached_property
    def tokens(self) -> Tensor:
        """The whole text as ids, (N,)."""
        return torch.tensor(self.vocabulary.encode(self.text))

    def split_tokens(self, split: str) -> Tensor:
        """Returns the ids of a contiguous split, (N,).

        Raises:
            DataError: There is no such split.
        """
        return self.tokens[split_slice(len(self.tokens), self.config, split, self.name)]

    @property
    def example(self) -> str:
        """The given example, or the beginning of the first word of the text."""
        if self._example:
            return self._example
        # a text without spaces is one word; a copy of the beginning is enough to split
        beginning = self.text.lstrip()[:MAX_EXAMPLE_LENGTH]
        return next(iter(beginning.split()), self.text[:MAX_EXAMPLE_LENGTH])

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: The split is too short for one batch, or there is no such split.
        """
        if self.config.sampling == "random":
            count = self._windows(split, seed, epoch).batch_count(size)
        else:
            region = self._region(split, seed, epoch, size + 1)
            rows = _row_count(region, size, epoch)
            count = sequential_batch_count(len(region), self.config.steps, rows)
        if count < 1:
            raise DataError(self._too_short(split, size, epoch))
        return count

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns windows (B, T) with targets of every step (B, T) or of the window (B,).

        Raises:
            DataError: The split is too short for one batch, or there is no such split.
        """
        self.batch_count(split, size, seed, epoch)
        if self.config.sampling == "random":
            return self._windows(split, seed, epoch).batches(size, seed, epoch, start)
        region = self._region(split, seed, epoch, size + 1)
        rows = _row_count(region, size, epoch)
        return sequential_batches(region, self.config.steps, rows, start)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a typed text, (1, T)."""
        text = value.lower() if self.config.lowercase else value
        return encode_text(text, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the most likely next symbol of every step, or of the whole input."""
        likeliest = output.logits[0].argmax(dim=-1)
        return self.vocabulary.decode(likeliest.reshape(-1).tolist())

    def _region(self, split: str, seed: int, epoch: int, needed: int) -> Tensor:
        """Returns the ids of a split from the offset of the epoch on.

        Args:
            split: Name of the split.
            seed: Seed of the offset.
            epoch: Epoch of the offset.
            needed: Tokens of one batch; the offset leaves at least as many.
        """
        region = self.split_tokens(split)
        spare = max(len(region) - needed, 0)
        stride = min(self.config.stride or self.config.steps, spare + 1)
        return region[epoch_offset(stride, seed, epoch) :]

    def _windows(self, split: str, seed: int, epoch: int) -> LabelledRows:
        """Returns the windows of a split for random sampling."""
        steps, stride = self.config.steps, self.config.stride or self.config.steps
        selected = None
        if self.config.split == "contiguous":
            region = self._region(split, seed, epoch, steps + 1)
            if epoch == 0:
                steps = min(steps, max(len(region) - 1, 1))
            windows = sliding_windows(region, steps + 1, stride)
        else:
            windows = sliding_windows(self.tokens, steps + 1, stride)
            of_split = split_slice(len(windows), self.config, split, self.name)
            selected = fixed_order(len(windows))[of_split].sort().values
        labels = windows[:, 1:] if self.config.per == "step" else windows[:, -1]
        return LabelledRows(windows[:, :-1], labels, selected=selected)

    def _too_short(self, split: str, size: int, epoch: int) -> str:
        """Returns the message for a split that has less than one batch."""
        if self.config.split == "random":
            return (
                f"{self.name}: there are too few windows for split {split} to get one; "
                "give more text, or a smaller --dataset.steps or --dataset.stride"
            )
        symbols = len(self.split_tokens(split))
        count = f"{self.name}: split {split} has {symbols} symbol{'' if symbols == 1 else 's'}"
        if epoch == 0 and split in ("validation", "test"):
            return (
                f"{count}, evaluation needs 2; give more text or a larger --dataset.{split}, or do "
                f"without the split by --dataset.{split} 0"
            )
        if epoch == 0:
            return f"{count}, evaluation needs 2; give more text"
        if self.config.sampling == "random":
            needed, smaller = f"{self.config.steps + 1}", "--dataset.steps"
        else:
            needed, smaller = f"{size + 1} (batch size + 1)", "--trainer.batch-size"
        return f"{count}, one batch needs {needed}; give more text, or a smaller {smaller}"


def _row_count(region: Tensor, size: int, epoch: int) -> int:
    """Returns the rows of a sequential batch: ``size``, in evaluation as many as have a symbol."""
    return min(size, max(len(region) - 1, 1)) if epoch == 0 else size


def _check_sequential(config: AbstractTextConfig, name: str) -> None:
    """Raises an error if the settings exclude sequential sampling.

    Rows that continue from batch to batch have no gaps, no overlap and a label for every step.

    Raises:
        DataError: A setting needs random sampling.
    """
    if config.stride not in (None, config.steps):
        setting = f"stride = {config.stride}"
    elif config.per != "step":
        setting = f"per = {config.per}"
    elif config.split != "contiguous":
        setting = f"split = {config.split}"
    else:
        return
    raise DataError(f"{name}: {setting} needs --dataset.sampling random")
