"""Prepared texts: what a dataset of windows needs of one, and a text in memory."""

from __future__ import annotations

import json
import logging
import time
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core import Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.learned_vocabulary import learn_vocabulary
from zoo_core.runtime.datasets.splits import split_slice
from zoo_text.configs import AbstractTextConfig
from zoo_text.encoding import (
    PIECE,
    Encoded,
    Encoder,
    cut,
    part_ends,
    splits_of,
    unknown_error,
)

LINE_INTERVAL = 5.0
"""Seconds between two lines about the progress of a long text."""
BEGINNING = 200
"""Characters from the beginning of a text that are kept for an example."""

logger = logging.getLogger("zoo_core.text")


class AbstractText(ABC):
    """A prepared text.

    Args:
        name: Name of the text in errors.
        config: Settings of the windows and splits.
    """

    def __init__(self, name: str, config: AbstractTextConfig) -> None:
        self.name, self.config = name, config

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """The sha256 of the text up to its limit in UTF-8, and of where its files begin."""

    @property
    def starts(self) -> Sequence[int] | None:
        """Where the files of the text begin, in characters; None if they are not told apart."""
        return None

    @property
    @abstractmethod
    def beginning(self) -> str:
        """The first characters of the text, all of which are white space if the text is that."""

    @abstractmethod
    def learn(self, special: tuple[str, ...]) -> Vocabulary:
        """Returns the vocabulary of the text, after some special symbols."""

    @abstractmethod
    def encode(self, vocabulary: Vocabulary) -> Encoded:
        """Returns the text as ids."""

    @abstractmethod
    def chunks(self) -> Iterator[str]:
        """Yields the text up to its limit, in pieces of any length."""

    @property
    @abstractmethod
    def length(self) -> int:
        """Characters of the text up to its limit."""

    def forget(self) -> None:  # noqa: B027  # a text in memory is read each time
        """Forgets what is known of the files, so that they are read again."""

    def training_pieces(self) -> Iterator[str]:
        """Yields the training part of the text; of windows held out at random, the whole text."""
        end = self.length
        if self.config.split == "contiguous":
            end = split_slice(end, self.config, "train", self.name).stop
        return (piece for _, piece in cut(self.chunks(), [end], at_line_ends=True))

    def encoded_pieces(self, vocabulary: Vocabulary) -> Iterator[_EncodedPiece]:
        """Yields the text in pieces as ids.

        Logs how far it is.

        Raises:
            DataError: The text has unknown symbols, and the policy of the vocabulary is an error.
        """
        encoder = Encoder(vocabulary)
        part_limits = part_ends(self.length, self.config, self.name, vocabulary)
        at_line_ends = len(part_limits) > 1
        starts = set(self.starts or ())
        # no token reaches from one file into the next where they are told apart
        ends = sorted({*part_limits, *(start for start in starts if 0 < start < self.length)})
        done, last_line = 0, time.monotonic()
        try:
            for _, piece in cut(self.chunks(), ends, at_line_ends=at_line_ends):
                part = bisect_right(part_limits, done)
                yield _EncodedPiece(part, done in starts, *encoder.encode(piece))
                done += len(piece)
                if time.monotonic() - last_line >= LINE_INTERVAL:
                    last_line = time.monotonic()
                    logger.info("reading %s: %.0f %%", self.name, 100 * done / self.length)
        except DataError:
            raise unknown_error(
                vocabulary,
                (piece for _, piece in cut(self.chunks(), ends, at_line_ends=at_line_ends)),
            ) from None


def file_starts(pieces: Iterable[tuple[bool, str]], config: AbstractTextConfig) -> tuple[int, ...]:
    """Returns where the files of a text begin, in characters of the prepared text.

    Args:
        pieces: The text of the files, each piece with whether a file begins with it.
        config: Whether the text is converted to lower case, and its limit.
    """
    starts, position = [], 0
    for is_first, text in pieces:
        if is_first and (config.limit is None or position < config.limit):
            starts.append(position)
        position += len(text.lower() if config.lowercase else text)
    return tuple(starts)


@final
class _EncodedPiece(NamedTuple):
    """A piece of a text as ids.

    Args:
        part: The number of the part of the text that it belongs to.
        begins_file: Whether a file begins with it.
        ids: The ids, (N,).
        unknown: As in ``Encoded``, (N,).
    """

    part: int
    begins_file: bool
    ids: Tensor
    unknown: Tensor | None

    @property
    def starts(self) -> Tensor:
        """Whether a file begins with a token, (N,), bool."""
        starts = torch.zeros(len(self.ids), dtype=torch.bool)
        starts[:1] = self.begins_file
        return starts


@final
class MemoryText(AbstractText):
    """A text in memory.

    Args:
        name: Name of the text in errors.
        config: Settings of the windows and splits.
        text: The text.
        starts: Where its files begin, in characters of the prepared text; None if they are not
            told apart.

    Raises:
        DataError: The text is empty.
    """

    def __init__(
        self,
        name: str,
        config: AbstractTextConfig,
        text: str,
        starts: Sequence[int] | None = None,
    ) -> None:
        super().__init__(name, config)
        if not text:
            raise DataError(f"{name}: the text is empty")
        self._starts = starts
        self._full_text = text.lower() if config.lowercase else text
        self.text = self._full_text[: config.limit]

    @property
    def length(self) -> int:
        """Characters of the text up to its limit."""
        return len(self.text)

    @property
    def starts(self) -> Sequence[int] | None:
        """Where the files of the text begin, in characters; None if they are not told apart."""
        return self._starts

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the text up to its limit, and of where its files begin."""
        digest = sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()
        return hash_with_starts(digest, self.starts)

    @property
    def beginning(self) -> str:
        """The beginning of the text."""
        return beginning_of(self.text[: 100 * BEGINNING])

    def chunks(self) -> Iterator[str]:
        """Yields the text."""
        text = self.text
        for start in range(0, len(text), PIECE):
            yield text[start : start + PIECE]

    def learn(self, special: tuple[str, ...]) -> Vocabulary:
        """Returns the vocabulary; characters are those of the full text, beyond the limit too."""
        return learn_vocabulary(self.config, lambda: self._full_text, self.training_pieces, special)

    def encode(self, vocabulary: Vocabulary) -> Encoded:
        """Returns the text as ids, of 64 bits."""
        parts = [0] * len(part_ends(self.length, self.config, self.name, vocabulary))
        tokens: list[Tensor] = []
        unknown: list[Tensor] = []
        starts: list[Tensor] = []
        for piece in self.encoded_pieces(vocabulary):
            tokens.append(piece.ids.long())
            parts[piece.part] += len(piece.ids)
            starts.append(piece.starts)
            if piece.unknown is not None:
                unknown.append(piece.unknown)
        splits = splits_of(parts, self.config, self.name, vocabulary)
        return Encoded(
            torch.cat(tokens),
            splits,
            torch.cat(unknown) if unknown else None,
            None if self.starts is None else torch.cat(starts),
        )


def hash_with_starts(digest: str, starts: Sequence[int] | None) -> str:
    """Returns the hash of a text, and of where its files begin if they are told apart."""
    if starts is None:
        return digest
    return sha256(json.dumps([digest, list(starts)]).encode()).hexdigest()


def beginning_of(text: str) -> str:
    """Returns the beginning of a text without the white space before it."""
    return (text.lstrip() or text)[:BEGINNING]
