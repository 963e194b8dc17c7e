"""A text as a dataset: symbols, splits, windows."""

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
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.splits import check_fractions, part, splits_of
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_text import windows
from zoo_text.configs import AbstractTextConfig


@final
class TextDataset(AbstractDataset):
    """Predict the next symbol of a text.

    Train, validation and test lie one after the other in the text and do not overlap, or are
    windows from anywhere in it. The text is read when it is first needed.

    Args:
        name: What errors call it.
        config: How the text becomes windows.
        read: Gives the text, prepared.
        vocabulary: A checkpoint's, or None for the text's own symbols, sorted.
        special: Symbols that stand before the text's own.
        example: An input worth trying, or empty for the text's first word.
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
        check_fractions(config, name)
        if config.sampling == "sequential":
            _refuse_sequential(config, name)
        self.name, self.config, self._read, self._given = name, config, read, vocabulary
        self._special, self._example = special, example

    @cached_property
    def _whole(self) -> str:
        """The text before it is cut to its limit."""
        text = self._read()
        return text.lower() if self.config.lowercase else text

    @property
    def text(self) -> str:
        """The text that is used."""
        return self._whole[: self.config.limit]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols, those beyond the limit included."""
        if self._given is not None:
            return self._given
        if not self._whole:
            raise DataError(f"{self.name}: the text is empty")
        return Vocabulary((*self._special, *Vocabulary.of(self._whole).symbols))

    @property
    def signature(self) -> Signature:
        """Tokens, with the next token as label of every step or of the whole window."""
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
        """Those whose share is not zero."""
        return splits_of(self.config)

    @cached_property
    def tokens(self) -> Tensor:
        """The whole text as ids, (N,)."""
        return torch.tensor(self.vocabulary.encode(self.text))

    def split_tokens(self, split: str) -> Tensor:
        """The ids of one contiguous split.

        Raises:
            DataError: There is no such split.
        """
        return self.tokens[part(len(self.tokens), self.config, split, self.name)]

    @property
    def example(self) -> str:
        """An input worth trying."""
        return self._example or next(iter(self.text.split()), self.text)

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches of windows an epoch has."""
        steps = self.config.steps
        if self.config.sampling == "random":
            found = -(-len(self._windows(split, seed, epoch)[1]) // size)
        else:
            region = self._region(split, seed, epoch, size + 1)
            found = windows.sequential_count(len(region), steps, size)
        if found < 1:
            raise DataError(self._too_short(split, size))
        return found

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Windows (B, T); as targets the same one symbol later, or the symbols after them (B,)."""
        self.batch_count(split, size, seed, epoch)
        if self.config.sampling == "random":
            view, rows = self._windows(split, seed, epoch)
            how = {"seed": seed, "epoch": epoch, "start": start}
            return windows.random(view, rows, size, per=self.config.per, **how)
        region = self._region(split, seed, epoch, size + 1)
        return windows.sequential(region, self.config.steps, size, start)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """A text, (1, T)."""
        ids = self.vocabulary.encode(value.lower() if self.config.lowercase else value, unknown)
        if not ids:
            raise DataError("an empty input; give at least one symbol")
        return Batch(torch.tensor([ids]))

    def decode(self, output: Output) -> str:
        """After each symbol, or after all of them, the likeliest next one."""
        likeliest = output.logits[0].argmax(dim=-1)
        return self.vocabulary.decode(likeliest.reshape(-1).tolist())

    def _region(self, split: str, seed: int, epoch: int, need: int) -> Tensor:
        """The ids of a split, from the epoch's offset on, which leaves what one batch needs."""
        region = self.split_tokens(split)
        spare = max(len(region) - need, 0)
        stride = min(self.config.stride or self.config.steps, spare + 1)
        return region[windows.offset(stride, seed, epoch) :]

    def _windows(self, split: str, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Windows (count, T + 1), and which of them make up the split."""
        steps, stride = self.config.steps, self.config.stride or self.config.steps
        if self.config.split == "contiguous":
            view = windows.cut(self._region(split, seed, epoch, steps + 1), steps, stride)
            return view, torch.arange(len(view))
        view = windows.cut(self.tokens, steps, stride)
        chosen = part(len(view), self.config, split, self.name)
        return view, windows.shuffled(len(view))[chosen].sort().values

    def _too_short(self, split: str, size: int) -> str:
        if self.config.split == "random":
            return (
                f"{self.name}: there are too few windows for split {split} to get one; "
                "give more text, or a smaller --dataset.steps or --dataset.stride"
            )
        count = len(self.split_tokens(split))
        random = self.config.sampling == "random"
        need = f"{self.config.steps + 1}" if random else f"{size + 1} (batch size + 1)"
        smaller = "--dataset.steps" if random else "--trainer.batch-size in training"
        return (
            f"{self.name}: split {split} has {count} symbols, one batch needs {need}; "
            f"give more text, or a smaller {smaller}"
        )


def _refuse_sequential(config: AbstractTextConfig, name: str) -> None:
    """A partition whose rows go on has no gaps, no overlap, and a label for every step."""
    wrong = {
        f"stride = {config.stride}": config.stride not in (None, config.steps),
        f"per = {config.per}": config.per != "step",
        f"split = {config.split}": config.split != "contiguous",
    }
    for said, stands in wrong.items():
        if stands:
            raise DataError(f"{name}: {said} needs --dataset.sampling random")
