"""A text as a dataset of windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import final

from torch import Tensor

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.computed_order import ComputedOrder, long_fixed_order
from zoo_core.runtime.datasets.dataset import AbstractDataset, encode_text
from zoo_core.runtime.datasets.epoch_order import epoch_offset
from zoo_core.runtime.datasets.labelled_rows import LabelledRows
from zoo_core.runtime.datasets.splits import check_split_fractions, split_names, split_slice
from zoo_core.runtime.nn import Batch, Output
from zoo_text.configs import AbstractTextConfig
from zoo_text.encoding import Encoded
from zoo_text.prepared_text import AbstractText, MemoryText
from zoo_text.windows import (
    sequential_batch_count,
    sequential_batches,
    sliding_windows,
    window_count,
)

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
        read: Returns the text.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of the text.
        special: Symbols that precede those of the text.
        example: A typical input, or empty for the first word of the text.
        before: What precedes a typed text that does not begin with it.

    Raises:
        DataError: The fractions leave nothing to train on, or sequential sampling was combined
            with a setting that it excludes.
    """

    def __init__(
        self,
        name: str,
        config: AbstractTextConfig,
        read: Callable[[], str | AbstractText],
        vocabulary: Vocabulary | None,
        *,
        special: tuple[str, ...] = (),
        example: str = "",
        before: str = "",
    ) -> None:
        check_split_fractions(config, name)
        if config.sampling == "sequential":
            _check_sequential(config, name)
        self.name, self.config = name, config
        self._read = read
        self._checkpoint_vocabulary = vocabulary
        self._special, self._example, self._before = special, example, before

    @cached_property
    def _text(self) -> AbstractText:
        text = self._read()
        if isinstance(text, AbstractText):
            return text
        return MemoryText(self.name, self.config, text)

    @property
    def text(self) -> str:
        """The text up to its limit, as a whole in memory."""
        return "".join(self._text.chunks())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the checkpoint, or that of the text.

        Characters are those of the full text, including those beyond the limit.
        """
        if self._checkpoint_vocabulary is not None:
            return self._checkpoint_vocabulary
        return self._text.learn(self._special)

    @property
    def signature(self) -> Signature:
        """Tokens, with the next token as the label of every step or of the whole window."""
        size = len(self.vocabulary)
        return Signature(
            inputs=Tokens(size),
            outputs=Classes(size, per=self.config.per, next_token=True),
            vocabulary=self.vocabulary,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the prepared text."""
        return self._text.fingerprint

    def read_again(self) -> None:
        """Forgets what is known of the files of the text."""
        self._text.forget()
        self.__dict__.pop("fingerprint", None)

    @property
    def splits(self) -> tuple[str, ...]:
        """``train`` and the splits whose fraction is not zero."""
        return split_names(self.config)

    @property
    def tokens(self) -> Tensor:
        """The whole text as ids, (N,), of an integer type."""
        return self._encoded.tokens

    @cached_property
    def _encoded(self) -> Encoded:
        return self._text.encode(self.vocabulary.for_data)

    def split_tokens(self, split: str) -> Tensor:
        """Returns the ids of a contiguous split, (N,), of an integer type.

        Raises:
            DataError: There is no such split.
        """
        split_slice(0, self.config, split, self.name)  # raises an error for an unknown split
        return self.tokens[self._encoded.splits[split]]

    @property
    def example(self) -> str:
        """The given example, or the beginning of the first word of the text."""
        if self._example:
            return self._example
        beginning = self._text.beginning[:MAX_EXAMPLE_LENGTH]
        return next(iter(beginning.split()), beginning)  # a text without spaces is one word

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: The split is too short for one batch, or there is no such split.
        """
        length = len(self.split_tokens(split))
        if self.config.split == "contiguous":
            length -= epoch_offset(self._offset_count(length, size), seed, epoch)
        count = self._batches_of(length, split, size, epoch)
        if count < 1:
            raise DataError(self._too_short(split, size, epoch))
        return count

    def total_batch_count(self, split: str, size: int, seed: int, epochs: int) -> int:
        """Returns the number of batches of the epochs from 1 on.

        Few texts are of a length at which the offset of an epoch changes the number.

        Raises:
            DataError: The split is too short for one batch, or there is no such split.
        """
        length = len(self.split_tokens(split))
        shortest = length - self._offset_count(length, size) + 1
        most = self._batches_of(length, split, size, epoch=1)
        if most == self._batches_of(shortest, split, size, epoch=1):
            return self.batch_count(split, size, seed, 1) * epochs
        return super().total_batch_count(split, size, seed, epochs)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns windows (B, T) with targets of every step (B, T) or of the window (B,).

        Raises:
            DataError: The split is too short for one batch, or there is no such split.
        """
        self.batch_count(split, size, seed, epoch)
        if self.config.sampling != "sequential":
            windows = self._windows(split, size, seed, epoch)
            order = epoch if self.config.sampling == "random" else 0  # 0 leaves them in place
            return windows.batches(size, seed, order, start)
        chosen = self._region(split, size, seed, epoch)
        region, unknown = self.tokens[chosen], self._encoded.unknown
        rows = _row_count(len(region), size, epoch)
        unknown = None if unknown is None else unknown[chosen]
        starts = self._encoded.starts
        starts = None if starts is None else starts[chosen]
        return sequential_batches(
            region,
            self.config.steps,
            rows,
            start,
            unknown,
            starts,
            per_step=self.config.per == "step",
        )

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a typed text, (1, T)."""
        text = value.lower() if self.config.lowercase else value
        if text and not text.startswith(self._before):
            text = self._before + text
        return encode_text(text, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the most likely next symbol of every step, or of the whole input."""
        likeliest = output.logits[0].argmax(dim=-1)
        return self.vocabulary.decode(likeliest.reshape(-1).tolist())

    def _region(self, split: str, size: int, seed: int, epoch: int) -> slice:
        """Returns which tokens belong to a split, from the offset of the epoch on."""
        split_slice(0, self.config, split, self.name)  # raises an error for an unknown split
        tokens = self._encoded.splits[split]
        offsets = self._offset_count(tokens.stop - tokens.start, size)
        return slice(tokens.start + epoch_offset(offsets, seed, epoch), tokens.stop)

    def _offset_count(self, length: int, size: int) -> int:
        """Returns the number of offsets that an epoch may have; each leaves enough for a batch.

        Args:
            length: Tokens of the split.
            size: Rows of a batch.
        """
        if not self.config.shift:
            return 1
        needed = (size if self.config.sampling == "sequential" else self.config.steps) + 1
        return min(self._stride, max(length - needed, 0) + 1)

    def _batches_of(self, length: int, split: str, size: int, epoch: int) -> int:
        """Returns the number of batches of a region of a split; of any region where windows mix.

        Args:
            length: Tokens of the region.
            split: Name of the split.
            size: Rows of a batch.
            epoch: The epoch; 0 means evaluation.
        """
        config = self.config
        if config.sampling == "sequential":
            rows = _row_count(length, size, epoch)
            per_step = config.per == "step"
            return sequential_batch_count(length, config.steps, rows, per_step=per_step)
        if config.split == "contiguous":
            count = window_count(length, self._steps(length, epoch) + 1, self._stride)
        else:
            total = window_count(len(self.tokens), config.steps + 1, self._stride)
            count = len(range(total)[split_slice(total, config, split, self.name)])
        return -(-count // size)

    @property
    def _stride(self) -> int:
        """Tokens from the start of one random window to the start of the next."""
        return self.config.stride or self.config.steps

    def _steps(self, length: int, epoch: int) -> int:
        """Returns the steps of a random window of a region of ``length`` tokens."""
        return min(self.config.steps, max(length - 1, 1)) if epoch == 0 else self.config.steps

    def _windows(self, split: str, size: int, seed: int, epoch: int) -> LabelledRows:
        """Returns the windows of a split for random sampling."""
        region, length, selected = slice(None), self.config.steps + 1, None
        if self.config.split == "contiguous":
            region = self._region(split, size, seed, epoch)
            length = self._steps(region.stop - region.start, epoch) + 1
        windows = sliding_windows(self.tokens[region], length, self._stride)
        if self.config.split == "random":
            of_split = split_slice(len(windows), self.config, split, self.name)
            selected = self._selected(of_split)
        targets = (slice(None), slice(1, None) if self.config.per == "step" else -1)
        unknown = self._encoded.unknown
        if unknown is not None:
            unknown = sliding_windows(unknown[region], length, self._stride)[targets]
        starts = self._encoded.starts
        if starts is not None:
            starts = sliding_windows(starts[region], length, self._stride)[:, :-1]
        return LabelledRows(
            windows[:, :-1],
            windows[targets],
            selected=selected,
            unknown_bytes=unknown,
            resets=starts,
        )

    def _selected(self, of_split: slice) -> Tensor | ComputedOrder:
        """Returns the numbers of the windows of a split; of very many they are computed."""
        order = self._window_order
        if isinstance(order, ComputedOrder):
            return order.part(of_split)
        return order[of_split].sort().values

    @cached_property
    def _window_order(self) -> Tensor | ComputedOrder:
        """The numbers of all windows of the text in the order in which the splits take them."""
        count = window_count(len(self.tokens), self.config.steps + 1, self._stride)
        return long_fixed_order(count)

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
                f"without the split by --dataset.{split} 0; zoo evaluate also has --split train"
            )
        if epoch == 0:
            return f"{count}, evaluation needs 2; give more text"
        if self.config.sampling == "sequential":
            needed, smaller = f"{size + 1} (batch size + 1)", "--trainer.batch-size"
        else:
            needed, smaller = f"{self.config.steps + 1}", "--dataset.steps"
        return f"{count}, one batch needs {needed}; give more text, or a smaller {smaller}"


def _row_count(length: int, size: int, epoch: int) -> int:
    """Returns the rows of a sequential batch: ``size``, in evaluation as many as have a symbol."""
    return min(size, max(length - 1, 1)) if epoch == 0 else size


def _check_sequential(config: AbstractTextConfig, name: str) -> None:
    """Raises an error if the settings exclude sequential sampling.

    Rows that continue from batch to batch have no gaps and no overlap.

    Raises:
        DataError: A setting needs random sampling.
    """
    if config.stride not in (None, config.steps):
        setting = f"stride = {config.stride}"
    elif config.split != "contiguous":
        setting = f"split = {config.split}"
    else:
        return
    raise DataError(f"{name}: {setting} needs --dataset.sampling random")
