"""Texts as ids, piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core import Vocabulary
from zoo_core.data.tokenizer import CHARACTERS
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.splits import SplitFractions, split_names, split_slice
from zoo_core.runtime.datasets.unknown_words import unknown_bytes

PIECE = 1_000_000
"""Characters of a text that are turned into ids at once."""
Pieces = Callable[[], Iterator[str]]
"""Returns a text in pieces; it may be called again."""


@final
class Encoded(NamedTuple):
    """A text as ids.

    Args:
        tokens: The ids, (N,), of an integer type.
        splits: The ids of each split.
        unknown: UTF-8 bytes of each token that stands for an unknown word and 0 for the others,
            (N,); None if the vocabulary has no token for them.
        starts: Whether a file begins with a token, (N,), bool; None if files are not told apart.
    """

    tokens: Tensor
    splits: dict[str, slice]
    unknown: Tensor | None
    starts: Tensor | None = None


def token_type(size: int) -> torch.dtype:
    """Returns the smallest type that holds the ids of a vocabulary of some size."""
    if size <= 1 << 8:
        return torch.uint8
    return torch.int16 if size <= 1 << 15 else torch.int32


def cut(texts: Iterator[str], ends: list[int], *, at_line_ends: bool) -> Iterator[tuple[int, str]]:
    """Yields a text in pieces, each with the number of its part.

    The pieces do not depend on how the text comes.

    Args:
        texts: The text in any pieces.
        ends: Where the parts end, in characters; the last one is the end of the text.
        at_line_ends: Whether a piece ends after a line end where there is one, so that no word is
            cut.
    """
    waiting, position, part = "", 0, 0
    for text in _with_end(texts):
        waiting += text or ""
        while part < len(ends):
            room = min(PIECE, ends[part] - position)
            if not room:
                part += 1
                continue
            if len(waiting) < room and text is not None:
                break
            stop = room
            if at_line_ends and position + room < ends[part]:
                stop = waiting.rfind("\n", 0, room) + 1 or room
            if not waiting:
                return
            yield part, waiting[:stop]
            waiting, position = waiting[stop:], position + min(stop, len(waiting))
        if part == len(ends):
            return


def _with_end(texts: Iterator[str]) -> Iterator[str | None]:
    yield from texts
    yield None


def part_ends(length: int, config: SplitFractions, name: str, vocabulary: Vocabulary) -> list[int]:
    """Returns where the parts of a text end that are turned into ids one after the other.

    Characters are split by their number afterwards. The splits of other tokens are parts, so that
    no token reaches from one split into another.

    Args:
        length: Characters of the text.
        config: Fractions of the splits.
        name: Name of the text in errors.
        vocabulary: The vocabulary.
    """
    if vocabulary.tokenizer == CHARACTERS:
        return [length]
    return [split_slice(length, config, split, name).stop for split in split_names(config)]


def splits_of(
    counts: list[int], config: SplitFractions, name: str, vocabulary: Vocabulary
) -> dict[str, slice]:
    """Returns the ids of each split.

    Args:
        counts: Ids of each part of ``part_ends``.
        config: Fractions of the splits.
        name: Name of the text in errors.
        vocabulary: The vocabulary.
    """
    splits = split_names(config)
    if vocabulary.tokenizer == CHARACTERS:
        # Fewer ids than the text has characters if unknown ones are skipped.
        return {split: split_slice(counts[0], config, split, name) for split in splits}
    ends = [sum(counts[: index + 1]) for index in range(len(counts))]
    return {
        split: slice(start, end)
        for split, start, end in zip(splits, [0, *ends], ends, strict=False)
    }


@final
class Encoder:
    """Turns pieces of a text into ids.

    Args:
        vocabulary: The vocabulary, with its policy for data.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary, self.dtype = vocabulary, token_type(len(vocabulary))
        self._table = self._character_table() if vocabulary.tokenizer == CHARACTERS else None

    def _character_table(self) -> Tensor | None:
        """Returns the id of each code point, -1 where there is none; None with longer symbols."""
        table = torch.full((0x110000,), -1, dtype=torch.int32)
        for symbol, index in self.vocabulary.ids.items():
            if len(symbol) == 1:
                table[ord(symbol)] = index
        return table

    def encode(self, piece: str) -> tuple[Tensor, Tensor | None]:
        """Returns the ids of a piece, (N,), and the bytes of its unknown words as in ``Encoded``.

        Raises:
            DataError: The piece has unknown symbols, and the policy is an error.
        """
        if self.vocabulary.tokenizer.kind == "byte":
            data = bytearray(piece.encode("utf-8", "surrogatepass"))
            return torch.frombuffer(data, dtype=torch.uint8), None
        if self._table is not None:
            codes = bytearray(piece.encode("utf-32-le", "surrogatepass"))
            ids = self._table[torch.frombuffer(codes, dtype=torch.int32).long()]
            if int(ids.min()) >= 0:
                return ids.to(self.dtype), None
        symbols = self.vocabulary.tokenizer.split(piece)
        ids = torch.tensor(self.vocabulary.encode(symbols), dtype=self.dtype)
        return ids, unknown_bytes(ids, symbols, self.vocabulary)


def unknown_error(vocabulary: Vocabulary, pieces: Iterator[str]) -> DataError:
    """Returns the error that counts the unknown symbols of a whole text."""
    counts = Counter[str]()
    for piece in pieces:
        symbols = vocabulary.tokenizer.split(piece)
        counts.update(symbol for symbol in symbols if symbol not in vocabulary.ids)
    return DataError(vocabulary.unknown_message(counts))
