"""The whole numbers from 1 to 9,999, written out in English words.

Source: Howard & Gugger, Deep Learning for Coders with fastai and PyTorch (2020), chapter 12. The
text is generated. The book's two files end before and begin after 8,000, so that it is left out
here too: 9,998 numbers in 63,095 tokens, as the book counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from zoo_core import Vocabulary
from zoo_core.data.tokenizer import BUILT_IN
from zoo_core.runtime.datasets.splits import split_names, split_slice
from zoo_text.configs import HumanNumbersConfig
from zoo_text.dataset import TextDataset
from zoo_text.encoding import Encoded, Encoder
from zoo_text.sources import AbstractText, MemoryText

LAST, LEFT_OUT = 9_999, 8_000
SEPARATOR = "."
ONES = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
BEFORE = " "
"""What precedes every number, the first one and a typed one too: a word has its blank before it."""
SYMBOLS = (SEPARATOR, *(BEFORE + word for word in (*ONES, *TENS, "hundred", "thousand")))
"""All 30 tokens of the text."""


def in_words(number: int) -> str:
    """Returns a whole number from 1 to 9,999 in English words, without ``and`` or hyphens."""
    words = []
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        count, number = divmod(number, unit)
        if count:
            words += [ONES[count - 1], name]
    if number >= 20:
        tens, number = divmod(number, 10)
        words.append(TENS[tens - 2])
    if number:
        words.append(ONES[number - 1])
    return " ".join(words)


def human_numbers_text() -> str:
    """Returns the numbers in their order, with full stops between them: `` one. two. three``."""
    numbers = (number for number in range(1, LAST + 1) if number != LEFT_OUT)
    return SEPARATOR.join(BEFORE + in_words(number) for number in numbers)


def human_numbers(config: HumanNumbersConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns the text: 9,998 numbers, 63,095 words and full stops, 30 of them distinct."""
    if vocabulary is None and _is_whole(config):
        vocabulary = Vocabulary(SYMBOLS, tokenizer=BUILT_IN["word"])
    return TextDataset(
        "human-numbers",
        config,
        lambda: NumbersText(config),
        vocabulary,
        example="one hundred one. one hundred two.",
        before=BEFORE,
    )


def _is_whole(config: HumanNumbersConfig) -> bool:
    """Returns whether the words of the text are all, and all whole."""
    is_bounded = config.limit or config.vocabulary_size or config.min_count > 1
    return config.tokens == "word" and not is_bounded


@final
class NumbersText(AbstractText):
    """The text of the numbers, split by its tokens, so that no word is cut in two.

    Args:
        config: Settings of the windows and splits.
    """

    def __init__(self, config: HumanNumbersConfig) -> None:
        super().__init__("human-numbers", config)
        self._memory = MemoryText(self.name, config, human_numbers_text())

    @property
    def length(self) -> int:
        """Characters of the text up to its limit."""
        return self._memory.length

    @property
    def fingerprint(self) -> str:
        """The sha256 of the text up to its limit."""
        return self._memory.fingerprint

    @property
    def beginning(self) -> str:
        """The beginning of the text."""
        return self._memory.beginning

    def chunks(self) -> Iterator[str]:
        """Yields the text."""
        return self._memory.chunks()

    def learn(self, special: tuple[str, ...]) -> Vocabulary:
        """Returns the vocabulary of other tokens than all words."""
        return self._memory.learn(special)

    def encode(self, vocabulary: Vocabulary) -> Encoded:
        """Returns the text as ids, of 64 bits."""
        ids, unknown = Encoder(vocabulary).encode(self._memory.text)
        splits = {
            split: split_slice(len(ids), self.config, split, self.name)
            for split in split_names(self.config)
        }
        return Encoded(ids.long(), splits, unknown)
