"""Byte-pair encoding by the library ``tokenizers``.

Source: Sennrich, Haddow, Birch (2016), Neural Machine Translation of Rare Words with Subword Units;
over bytes as in Radford et al. (2019), Language Models are Unsupervised Multitask Learners.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from zoo_core import AbstractTokenizer, Vocabulary
from zoo_core.errors import DataError

DEFAULT_SIZE = 8192
"""Symbols of a vocabulary that names no size."""
LONG = 10_000
"""Characters of a text beyond which it is cut at line ends; the library is slow with long texts."""
AT_ONCE = 16
"""Groups of lines that are encoded at once."""
BYTE_SYMBOL = re.compile("<0x([0-9A-F]{2})>")
"""How tokenizers with a fallback to bytes name a byte."""


@final
@dataclass(frozen=True)
class BpeTokenizer(AbstractTokenizer):
    """A tokenizer of the library.

    Args:
        stored: Its JSON.
    """

    stored: str = field(repr=False)

    @property
    def kind(self) -> str:
        """The name ``bpe``."""
        return "bpe"

    @property
    def content(self) -> str:
        """Its JSON."""
        return self.stored

    @property
    def unknown(self) -> str:
        """The symbol for what the tokenizer cannot encode; empty if it encodes everything."""
        return str(self._values["model"].get("unk_token") or "")

    @cached_property
    def library(self) -> Tokenizer:
        """The library's own object."""
        return Tokenizer.from_str(self.stored)

    @cached_property
    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.stored)
        return values

    def split(self, text: str) -> list[str]:
        """Returns the symbols; what the tokenizer cannot encode stays as it is in the text."""
        unknown = self.unknown
        if len(text) > LONG and not unknown:
            return self._split_lines(text)
        encoding = self.library.encode(text, add_special_tokens=False)
        tokens: list[str] = encoding.tokens
        if unknown and unknown in tokens:
            return [
                text[start:end] if token == unknown else token
                for token, (start, end) in zip(tokens, encoding.offsets, strict=True)
            ]
        return tokens

    def _split_lines(self, text: str) -> list[str]:
        """Returns the symbols of a long text, whose groups of lines are encoded in parallel."""
        symbols, found = self._symbols, []
        groups = list(line_groups(text))
        for first in range(0, len(groups), AT_ONCE):
            # The tokens of these encodings are empty; their ids are all that the library fills in.
            for encoding in self.library.encode_batch_fast(
                groups[first : first + AT_ONCE], add_special_tokens=False
            ):
                found += [symbols[index] for index in encoding.ids]
        return found

    @cached_property
    def _symbols(self) -> list[str]:
        """The symbols in the order of their ids."""
        ids = self.library.get_vocab(with_added_tokens=True)
        return sorted(ids, key=lambda symbol: ids[symbol])

    def makes(self, symbol: str) -> bool:
        """Whether a symbol is one of the tokenizer's."""
        return self.library.token_to_id(symbol) is not None

    def bytes_of(self, symbol: str) -> bytes:
        """Returns what a symbol stands for."""
        if self._is_over_bytes:
            return b"".join(BYTES[sign] if sign in BYTES else sign.encode() for sign in symbol)
        if match := BYTE_SYMBOL.fullmatch(symbol):
            return bytes([int(match[1], 16)])
        if self._values["model"].get("type") == "WordPiece":
            prefix = str(self._values["model"].get("continuing_subword_prefix", "##"))
            is_part = symbol.startswith(prefix)
            return (symbol.removeprefix(prefix) if is_part else f" {symbol}").encode()
        return symbol.replace("\u2581", " ").encode()

    @cached_property
    def _is_over_bytes(self) -> bool:
        """Whether the signs of a symbol stand for bytes."""
        parts = json.dumps([self._values.get("pre_tokenizer"), self._values.get("decoder")])
        return '"ByteLevel"' in parts


def line_groups(text: str) -> Iterator[str]:
    """Yields a text in groups of lines that have ``LONG`` characters and more, up to a line end."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + LONG) + 1 or len(text)
        yield text[start:end]
        start = end


def _byte_signs() -> dict[str, bytes]:
    """Returns the byte of each sign that the library writes symbols over bytes with.

    Printable characters of Latin-1 stand for themselves, and the other bytes follow from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    signs = {chr(byte): bytes([byte]) for byte in printable}
    return signs | {chr(0x100 + index): bytes([byte]) for index, byte in enumerate(others)}


BYTES = _byte_signs()


def train(texts: Iterable[str], size: int | None, min_count: int) -> Vocabulary:
    """Returns the vocabulary of pairs of bytes that are frequent in some texts.

    Args:
        texts: Pieces of text.
        size: The most symbols, at least 256; None for 8,192.
        min_count: How often a pair that becomes a symbol occurs at least.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size or DEFAULT_SIZE,
        min_frequency=max(min_count, 2),
        initial_alphabet=sorted(BYTES),
        show_progress=False,
    )
    # The library holds 256 texts at a time, so they are short.
    groups = (group for text in texts for group in line_groups(text))
    tokenizer.train_from_iterator(groups, trainer)
    return load(tokenizer.to_str())


def load(content: str) -> Vocabulary:
    """Returns the vocabulary of a tokenizer in the library's JSON.

    Raises:
        DataError: The text is not such JSON, or its ids do not count from 0.
    """
    try:
        tokenizer = Tokenizer.from_str(content)
    except Exception as error:  # the library raises nothing more precise
        raise DataError(f"not a tokenizer of the library tokenizers: {error}") from None
    ids = tokenizer.get_vocab(with_added_tokens=True)
    symbols = sorted(ids, key=lambda symbol: ids[symbol])
    if [ids[symbol] for symbol in symbols] != list(range(len(symbols))):
        raise DataError("the ids of the tokenizer do not count from 0 without gaps")
    return Vocabulary(tuple(symbols), tokenizer=BpeTokenizer(tokenizer.to_str()))
