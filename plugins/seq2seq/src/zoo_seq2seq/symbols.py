"""Texts as symbols: how they are prepared and cut, and the vocabularies of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, final

from zoo_core import Vocabulary
from zoo_core.data.tokenizer import BUILT_IN, CHARACTERS, UNKNOWN_WORD
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.word_counts import frequent_words

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
"""The symbols that fill a row up, begin a target, and end a source or a target."""
SPECIAL = (PAD, BOS, EOS, UNKNOWN_WORD)
"""The first symbols of every vocabulary; padding is 0."""
PUNCTUATION = ",.!?"
"""The marks that become words of their own."""
NO_BREAK_SPACES = str.maketrans("\u202f\xa0", "  ")
SymbolKind = Literal["word", "char"]


@final
@dataclass(frozen=True, kw_only=True)
class Symbols:
    """How the texts of a dataset become symbols.

    Args:
        tokens: What a symbol is: ``word`` or ``char``.
        lowercase: Whether texts are converted to lower case.
        split_punctuation: Whether punctuation marks are words.
        min_count: The least occurrences of a word.
        max_length: The most symbols of a text, its end included; None for all.
    """

    tokens: SymbolKind = "word"
    lowercase: bool = False
    split_punctuation: bool = False
    min_count: int = 1
    max_length: int | None = None

    def split(self, text: str) -> list[str]:
        """Returns the symbols of a text, without its end."""
        text = prepared(text, lowercase=self.lowercase, split_punctuation=self.split_punctuation)
        return split_symbols(text, self.tokens)

    def split_source(self, text: str, *, is_reversed: bool) -> list[str]:
        """Returns the symbols of a source in the direction in which it is read, without its end.

        The beginning of a long source is kept, whatever its direction.
        """
        symbols = self.split(text)
        return symbols[: self.max_length][::-1] if is_reversed else symbols

    def ended(self, ids: list[int], end: int) -> list[int]:
        """Returns ids with the end behind them, cut to the most symbols of a text."""
        return [*ids, end][: self.max_length]


def prepared(text: str, *, lowercase: bool, split_punctuation: bool) -> str:
    """Returns a text with plain blanks, and as the settings say.

    Source: Zhang et al., Dive into Deep Learning, Machine Translation and the Dataset.

    Args:
        text: The text.
        lowercase: Whether to convert it to lower case.
        split_punctuation: Whether to put a blank before ``,.!?`` where there is none.
    """
    text = text.translate(NO_BREAK_SPACES)
    text = text.lower() if lowercase else text
    if not split_punctuation:
        return text
    pieces = []
    for before, mark in zip(" " + text, text, strict=False):
        pieces.append(f" {mark}" if mark in PUNCTUATION and before != " " else mark)
    return "".join(pieces).strip()


def split_symbols(text: str, tokens: SymbolKind) -> list[str]:
    """Returns the symbols of a prepared text: characters, or words with the blank before them.

    The first word has one too, so that a word is one symbol wherever it stands.
    """
    return list(text) if tokens == "char" else [f" {word}" for word in text.split()]


def learn_vocabulary(texts: Iterable[list[str]], tokens: SymbolKind, min_count: int) -> Vocabulary:
    """Returns the special symbols, and those of texts: characters in order, words by frequency.

    Args:
        texts: The symbols of texts.
        tokens: What a symbol is.
        min_count: The least occurrences of a word.
    """
    if tokens == "char":
        characters = sorted({symbol for symbols in texts for symbol in symbols})
        return Vocabulary((*SPECIAL, *characters), tokenizer=CHARACTERS)
    words = frequent_words(texts, None, min_count)
    return Vocabulary((*SPECIAL, *words), tokenizer=BUILT_IN["word"])


def special_id(vocabulary: Vocabulary, symbol: str) -> int:
    """Returns the id of a special symbol.

    Raises:
        DataError: The vocabulary lacks it, as it is not one of translations.
    """
    if symbol not in vocabulary.ids:
        raise DataError(
            f"the vocabulary has no {symbol}; this model was trained on data of another kind"
        )
    return vocabulary.ids[symbol]


def text_of(ids: Sequence[int], vocabulary: Vocabulary) -> str:
    """Returns the text of ids without the blank before its first word."""
    return vocabulary.decode(ids).strip()
