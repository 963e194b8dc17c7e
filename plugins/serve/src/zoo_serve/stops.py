"""The text of symbols as they come, up to a text to stop at."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import final

from zoo_core.data.tokenizer import AbstractTokenizer


@final
class TextTail:
    """Turns symbols into text and looks for the texts to stop at.

    What could be the beginning of such a text is held back until the symbols after it decide.

    Args:
        tokenizer: The tokenizer of the symbols.
        stops: The texts to stop at, none of them empty.

    Attributes:
        stopped: Whether one of them occurred. The text ends before it.
    """

    def __init__(self, tokenizer: AbstractTokenizer, stops: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        # bytes, because a symbol may be a part of a character
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False

    def add(self, symbol: str) -> str:
        """Returns the text that a symbol completes; it may be empty."""
        return self._release(self._decoder.decode(self._tokenizer.bytes_of(symbol)))

    def end(self) -> str:
        """Returns the text that was held back, after the last symbol."""
        text = self._release(self._decoder.decode(b"", final=True))
        if self.stopped:
            return text
        text, self._held = text + self._held, ""
        return text

    def _release(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            self.stopped, self._held = True, ""
            return text[: min(places)]
        held = max((_beginning(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]


def _beginning(text: str, stop: str) -> int:
    """Returns how many characters at the end of a text are the beginning of a text to stop at."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
