"""What the symbols of a vocabulary stand for, in bytes."""

from __future__ import annotations

from zoo_core.data.tokenizer import AbstractTokenizer


def bytes_of(tokenizer: AbstractTokenizer, symbol: str) -> bytes:
    """Returns what a symbol stands for; one beside those of the tokenizer stands for itself."""
    try:
        return tokenizer.bytes_of(symbol)
    except KeyError:
        return symbol.encode("utf-8", "surrogatepass")
