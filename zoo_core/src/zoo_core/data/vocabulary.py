"""The vocabulary: symbol to id and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, final

from zoo_core.errors import ConfigError, DataError

SHOWN = 8
"""How many unknown symbols an error lists."""


@final
class Unknown(NamedTuple):
    """What to do with a symbol that the vocabulary lacks.

    Args:
        action: ``error``, ``skip`` or ``replace``.
        symbol: With ``replace``, the symbol that takes its place.
    """

    action: str = "error"
    symbol: str = ""

    @classmethod
    def parse(cls, text: str) -> Unknown:
        """Reads ``error``, ``skip`` or ``replace=C``.

        Raises:
            ConfigError: It is none of these.
        """
        action, equals, symbol = text.partition("=")
        if (action in ("error", "skip") and not equals) or (action == "replace" and symbol):
            return cls(action, symbol)
        raise ConfigError(f"unknown = {text!r}: expected error, skip or replace=C")


REFUSE = Unknown()
"""Raise an error that lists the unknown symbols."""


@final
@dataclass(frozen=True)
class Vocabulary:
    """Symbols, numbered from 0 in their order.

    Args:
        symbols: Every symbol once.
        policy: What to do with others where nothing else is said.
    """

    symbols: tuple[str, ...]
    policy: Unknown = field(default=REFUSE, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(set(self.symbols)) != len(self.symbols) or not self.symbols:
            raise DataError("a vocabulary needs at least one symbol, and each only once")

    @classmethod
    def of(cls, text: Iterable[str]) -> Vocabulary:
        """The symbols of a text, sorted."""
        return cls(tuple(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Symbol to id."""
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    def encode(self, text: Iterable[str], unknown: Unknown | None = None) -> list[int]:
        """The ids of a text; ``None`` keeps to the vocabulary's own policy.

        Raises:
            DataError: The text has symbols that the vocabulary lacks, and the policy is ``error``;
                or the symbol to replace them with is itself lacking.
        """
        symbols, unknown = list(text), unknown or self.policy
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
        raise DataError(self._complaint(symbols))

    def decode(self, ids: Iterable[int]) -> str:
        """The symbols of a sequence of ids, joined."""
        return "".join(self.symbols[index] for index in ids)

    def _complaint(self, symbols: list[str]) -> str:
        strangers = Counter(symbol for symbol in symbols if symbol not in self.ids).most_common()
        listed = ", ".join(f"{symbol!r} ({count}×)" for symbol, count in strangers[:SHOWN])
        more = f" and {len(strangers) - SHOWN} more" if len(strangers) > SHOWN else ""
        remedy = "leave them out, or where a command has it --unknown skip or replace=C"
        return f"symbols that the vocabulary lacks: {listed}{more}; {remedy}"
