"""Tokenizers: how a text is cut into the symbols of a vocabulary and put together again.

Characters, bytes and words are here. Others come from plugins, by the hook ``zoo_tokenizers``.
"""

from __future__ import annotations

import codecs
import functools
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, final

from zoo_core.errors import IntegrityError, PluginError

UNKNOWN_WORD = "<unk>"
"""The symbol of every word that a vocabulary of words lacks."""
IDEOGRAPH = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""A character of the scripts without spaces between words; each counts as a word."""
IDEOGRAPHS_APART = re.compile(rf" ?{IDEOGRAPH.pattern}| ?[^{IDEOGRAPH.pattern[1:-1]}]+")


class AbstractTokenizer(ABC):
    """Cuts texts into symbols.

    Every text is the concatenation of what its symbols stand for, so nothing is lost.
    """

    @property
    @abstractmethod
    def kind(self) -> str:
        """Its name, as ``--dataset.tokens`` takes it."""

    @property
    def unknown(self) -> str:
        """The symbol that replaces what a vocabulary lacks, in data; empty if there is none."""
        return ""

    @abstractmethod
    def split(self, text: str) -> list[str]:
        """Returns the symbols of a text."""

    @abstractmethod
    def bytes_of(self, symbol: str) -> bytes:
        """Returns what a symbol stands for, in UTF-8; it may be a part of a character."""

    def makes(self, symbol: str) -> bool:
        """Whether a text may be cut into a symbol; one like ``<end>``, of a dataset, is in none."""
        return True

    @property
    def content(self) -> str:
        """What decides the symbols beside the kind, as JSON text; empty if nothing does."""
        return ""

    def join(self, symbols: Iterable[str]) -> Iterator[str]:
        """Yields the text of symbols, each piece as soon as its characters are complete.

        Bytes that are not UTF-8 become U+FFFD.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for symbol in symbols:
            if text := decoder.decode(self.bytes_of(symbol)):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text

    def to_json(self) -> dict[str, str]:
        """Returns the tokenizer as JSON values, with the hash of its content."""
        values = {"kind": self.kind}
        if content := self.content:
            values |= {"sha256": _digest(content), "json": content}
        return values


@final
@dataclass(frozen=True)
class CharacterTokenizer(AbstractTokenizer):
    """Every character is a symbol."""

    @property
    def kind(self) -> str:
        """The name ``char``."""
        return "char"

    def split(self, text: Iterable[str]) -> list[str]:
        """Returns the characters."""
        return list(text)

    def makes(self, symbol: str) -> bool:
        """Whether a symbol is a character."""
        return len(symbol) == 1

    def bytes_of(self, symbol: str) -> bytes:
        """Returns the character in UTF-8."""
        return symbol.encode("utf-8", "surrogatepass")

    def join(self, symbols: Iterable[str]) -> Iterator[str]:
        """Yields the characters."""
        return iter(symbols)


BYTES = tuple(chr(byte) if byte < 0x80 else f"<0x{byte:02X}>" for byte in range(256))
"""The symbols of the bytes: those of ASCII are characters."""
BYTE_VALUES = {symbol: bytes([byte]) for byte, symbol in enumerate(BYTES)}


@final
@dataclass(frozen=True)
class ByteTokenizer(AbstractTokenizer):
    """Every byte of UTF-8 is a symbol."""

    @property
    def kind(self) -> str:
        """The name ``byte``."""
        return "byte"

    def split(self, text: str) -> list[str]:
        """Returns the symbols of the bytes."""
        return [BYTES[byte] for byte in text.encode("utf-8", "surrogatepass")]

    def makes(self, symbol: str) -> bool:
        """Whether a symbol is a byte."""
        return symbol in BYTE_VALUES

    def bytes_of(self, symbol: str) -> bytes:
        """Returns the byte, or a symbol that is none as it is written."""
        return BYTE_VALUES.get(symbol) or symbol.encode()


@final
@dataclass(frozen=True)
class WordTokenizer(AbstractTokenizer):
    """Words with the blank before them, punctuation marks and other white space are symbols.

    Marks that combine with a letter belong to its word, an apostrophe between letters too, and an
    ideograph is a word of its own.
    """

    @property
    def kind(self) -> str:
        """The name ``word``."""
        return "word"

    @property
    def unknown(self) -> str:
        """The symbol of every word that a vocabulary lacks."""
        return UNKNOWN_WORD

    def split(self, text: str) -> list[str]:
        """Returns the words, marks and white space."""
        words = _word_pattern().findall(text)
        if not IDEOGRAPH.search(text):
            return words
        return [part for word in words for part in IDEOGRAPHS_APART.findall(word)]

    def makes(self, symbol: str) -> bool:
        """Whether a symbol is a word, a mark or white space; none is longer and begins with <."""
        return symbol == "<" or not symbol.startswith("<")

    def bytes_of(self, symbol: str) -> bytes:
        """Returns the symbol in UTF-8."""
        return symbol.encode("utf-8", "surrogatepass")


@functools.cache
def _word_pattern() -> re.Pattern[str]:
    """Returns the pattern of the symbols before ideographs are cut apart."""
    joiners = "\u200c\u200d"
    letters = rf"[\w{joiners}{_combining_marks(0, 0x10000)}]"
    # A class with characters beyond U+FFFF is searched one by one, so these stand apart.
    rare = f"[{_combining_marks(0x10000, 0x20000)}]"
    word = f"{letters}+(?:{rare}+{letters}*)*"
    return re.compile(rf" ?(?:{word}(?:['’]{word})*|[^\s\w])|\s")


def _combining_marks(first: int, end: int) -> str:
    """Returns the characters of a range that combine with the letter before them."""
    return "".join(
        character
        for character in map(chr, range(first, end))
        if unicodedata.category(character)[0] == "M"
    )


@final
@dataclass(frozen=True)
class StoredTokenizer(AbstractTokenizer):
    """A tokenizer of a checkpoint that no plugin has read yet.

    Args:
        name: Its name.
        stored: Its content.
        reason: Why it cannot be used.
    """

    name: str
    stored: str
    reason: str = field(default="it was not loaded", compare=False)

    @property
    def kind(self) -> str:
        """Its name."""
        return self.name

    @property
    def content(self) -> str:
        """The content as it was stored."""
        return self.stored

    def split(self, text: str) -> list[str]:
        """Raises PluginError."""
        raise self._error()

    def bytes_of(self, symbol: str) -> bytes:
        """Raises PluginError."""
        raise self._error()

    def _error(self) -> PluginError:
        return PluginError(self.reason)


CHARACTERS = CharacterTokenizer()
BUILT_IN: dict[str, AbstractTokenizer] = {
    tokenizer.kind: tokenizer for tokenizer in (CHARACTERS, ByteTokenizer(), WordTokenizer())
}
"""The tokenizers that need no plugin, by kind."""


def tokenizer_from_json(values: dict[str, Any]) -> AbstractTokenizer:
    """Returns the tokenizer that ``to_json`` wrote; one of a plugin is not read yet.

    Raises:
        IntegrityError: The values are not those of a tokenizer, or the content has another hash.
    """
    kind, content = values.get("kind"), values.get("json", "")
    if not isinstance(kind, str) or not isinstance(content, str):
        raise IntegrityError("tokenizer: expected a kind and its JSON as text")
    if kind in BUILT_IN:
        return BUILT_IN[kind]
    if _digest(content) != values.get("sha256"):
        raise IntegrityError(f"tokenizer {kind!r}: its JSON has sha256 {_digest(content)}")
    return StoredTokenizer(kind, content)


def _digest(content: str) -> str:
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
