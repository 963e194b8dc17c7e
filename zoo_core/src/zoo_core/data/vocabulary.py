"""The vocabulary: symbols and their ids."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

from zoo_core.data.tokenizer import CHARACTERS, AbstractTokenizer
from zoo_core.errors import ConfigError, DataError

UNKNOWN_POLICIES = "error, skip or replace=C"
"""How a policy for unknown symbols is written."""
MAX_LISTED_SYMBOLS = 8
"""Unknown symbols that an error lists."""


@final
@dataclass(frozen=True)
class Unknown:
    """Policy for symbols that a vocabulary lacks.

    Args:
        action: ``error``, ``skip`` or ``replace``.
        symbol: The replacement, with ``replace``.

    Raises:
        ConfigError: There is no such action, or it does not go with the symbol.
    """

    action: str = "error"
    symbol: str = ""

    def __post_init__(self) -> None:
        if not _is_policy(self.action, self.symbol):
            raise ConfigError(
                f"{self!r:.80}: expected Unknown('error'), Unknown('skip') or "
                "Unknown('replace', 'C')"
            )

    @classmethod
    def parse(cls, text: str) -> Unknown:
        """Returns the policy of ``error``, ``skip`` or ``replace=C``.

        Raises:
            ConfigError: The text is none of these.
        """
        action, equals, symbol = text.partition("=")
        if not _is_policy(action, symbol) or (equals and not symbol):
            raise ConfigError(f"unknown = {text!r:.80}: expected {UNKNOWN_POLICIES}")
        return cls(action, symbol)

    def __str__(self) -> str:
        return f"{self.action}={self.symbol}" if self.action == "replace" else self.action


def _is_policy(action: object, symbol: object) -> bool:
    if action == "replace":
        return isinstance(symbol, str) and symbol != ""
    return action in ("error", "skip") and symbol == ""


REFUSE = Unknown()
"""The policy ``error``: raise an error that lists the unknown symbols."""


@final
@dataclass(frozen=True, repr=False)
class Vocabulary:
    """Symbols, numbered from 0 in their order.

    Args:
        symbols: The symbols, each once.
        policy: Default policy for unknown symbols.
        tokenizer: Cuts a text into symbols; by default each character is one.
    """

    symbols: tuple[str, ...]
    policy: Unknown = field(default=REFUSE, compare=False)
    tokenizer: AbstractTokenizer = CHARACTERS

    def __post_init__(self) -> None:
        if len(set(self.symbols)) != len(self.symbols) or not self.symbols:
            raise DataError("a vocabulary needs at least one symbol, and every symbol only once")

    @classmethod
    def of(cls, text: Iterable[str]) -> Vocabulary:
        """Returns the vocabulary of a text, sorted."""
        return cls(tuple(sorted(set(text))))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} symbols: {reprlib.repr(self.symbols)})"

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Symbol to id."""
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    def extended(self, symbols: Iterable[str]) -> Vocabulary:
        """Returns this vocabulary with the new ones of some symbols at its end; ids stay."""
        new = [symbol for symbol in dict.fromkeys(symbols) if symbol not in self.ids]
        return replace(self, symbols=(*self.symbols, *new))

    def with_special(self, symbols: tuple[str, ...]) -> Vocabulary:
        """Returns this vocabulary after some symbols that are in no text.

        Raises:
            DataError: It has one of them already.
        """
        for symbol in symbols:
            if symbol in self.ids:
                raise DataError(
                    f"the tokens have a symbol {symbol!r} of their own; choose another "
                    "--dataset.tokens"
                )
        return replace(self, symbols=(*symbols, *self.symbols))

    @cached_property
    def byte_counts(self) -> tuple[int, ...]:
        """UTF-8 bytes of a text that each symbol stands for.

        0 for the symbol of unknown words, and for those that are in no text.
        """
        tokenizer = self.tokenizer
        return tuple(
            len(tokenizer.bytes_of(symbol))
            if tokenizer.makes(symbol) and symbol != tokenizer.unknown
            else 0
            for symbol in self.symbols
        )

    @cached_property
    def has_one_byte_each(self) -> bool:
        """Whether every symbol stands for one byte."""
        return set(self.byte_counts) == {1}

    @property
    def for_data(self) -> Vocabulary:
        """This vocabulary with a policy for data: words that it lacks become its symbol for them.

        A typed text with such words stays an error.
        """
        unknown = self.tokenizer.unknown
        if self.policy != REFUSE or unknown not in self.ids:
            return self
        return replace(self, policy=Unknown("replace", unknown))

    def encode(self, text: Iterable[str], unknown: Unknown | None = None) -> list[int]:
        """Returns the ids of a text.

        Args:
            text: A text, which the tokenizer cuts, or symbols.
            unknown: Policy for unknown symbols; None for that of the vocabulary.

        Raises:
            DataError: The text has unknown symbols and the policy is ``error``, or the replacement
                is itself unknown.
        """
        symbols = self.tokenizer.split(text) if isinstance(text, str) else list(text)
        unknown = unknown or self.policy
        ids = self.ids
        try:
            return [ids[symbol] for symbol in symbols]
        except KeyError:
            pass
        if unknown.action == "skip":
            return [ids[symbol] for symbol in symbols if symbol in ids]
        if unknown.action == "replace" and unknown.symbol in ids:
            return [ids.get(symbol, ids[unknown.symbol]) for symbol in symbols]
        if unknown.action == "replace":
            raise DataError(f"the vocabulary has no {unknown.symbol!r} to replace others with")
        raise DataError(self.unknown_message(Counter(s for s in symbols if s not in ids)))

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of ids."""
        return "".join(self.stream(ids))

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Yields the text of ids, each piece as soon as its characters are complete."""
        return self.tokenizer.join(self.symbols[index] for index in ids)

    def unknown_message(self, counts: Counter[str]) -> str:
        """Returns the message that lists unknown symbols by their counts."""
        unknown = counts.most_common()
        listed = ", ".join(
            f"{symbol!r} ({count}×)" for symbol, count in unknown[:MAX_LISTED_SYMBOLS]
        )
        if len(unknown) > MAX_LISTED_SYMBOLS:
            listed += f" and {len(unknown) - MAX_LISTED_SYMBOLS} more"
        unknown_word = self.tokenizer.unknown
        replacement = f"'replace={unknown_word}'" if unknown_word in self.ids else "replace=C"
        remedy = f"leave them out, or use --unknown skip or {replacement}"
        if not self.tokenizer.content:
            remedy += "; zoo train --from has --extend-vocabulary, which learns them"
        return f"symbols that the vocabulary lacks: {listed}; {remedy}"
