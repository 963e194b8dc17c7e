"""The whole numbers from 1 to 9,999, written out in English words.

Sources: Howard & Gugger, Deep Learning for Coders with fastai and PyTorch (2020), chapter 12;
Howard, fast.ai, Practical Deep Learning for Coders (2019), lesson 7. The text is generated. Their
two files end before and begin after 8,000, so that it is left out here too: 9,998 numbers in 63,095
tokens, as the book counts them. The course reads the files one by one, each after the word
``xxbos``: 13,017 tokens in the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch

from zoo_core import Vocabulary
from zoo_core.data.tokenizer import BUILT_IN
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.splits import split_names, split_slice
from zoo_text.configs import HumanNumbersConfig
from zoo_text.dataset import TextDataset
from zoo_text.encoding import Encoded, Encoder
from zoo_text.prepared_text import AbstractText, MemoryText

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
COMMA = ","
START = BEFORE + "xxbos"
"""What precedes the numbers of each file in the course."""
SPECIAL = ("xxunk", "xxpad", START, "xxfld", "xxmaj", "xxup", "xxrep", "xxwrep")
"""The symbols of the course's tokenizer, of which the text has one."""
COURSE_SYMBOLS = (*SPECIAL, COMMA, *SYMBOLS[1:])
"""All 38 symbols of the course."""


def in_words(number: int) -> str:
    """Returns a whole number from 1 to 19,999 in English words, without ``and`` or hyphens."""
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


def course_text() -> str:
    """Returns the two files of the course: `` xxbos one, two, three``."""
    files = range(1, LEFT_OUT), range(LEFT_OUT + 1, LAST + 1)
    return "".join(
        START + COMMA.join(BEFORE + in_words(number) for number in numbers) for numbers in files
    )


def human_numbers(config: HumanNumbersConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns the text: 9,998 numbers, 63,095 words and full stops, 30 of them distinct.

    Raises:
        DataError: A test split of the course is asked for.
    """
    if config.edition == "course" and config.test:
        raise DataError(
            f"human-numbers: the course has no test split; --dataset.test {config.test:g} needs "
            "--dataset.edition book"
        )
    if vocabulary is None and _is_whole(config):
        symbols = SYMBOLS if config.edition == "book" else COURSE_SYMBOLS
        vocabulary = Vocabulary(symbols, tokenizer=BUILT_IN["word"])
    separator = SEPARATOR if config.edition == "book" else COMMA
    return TextDataset(
        "human-numbers",
        config,
        lambda: NumbersText(config),
        vocabulary,
        example=f"one hundred one{separator} one hundred two{separator}",
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
        self._reads_files = config.edition == "course"
        text = human_numbers_text() if config.edition == "book" else course_text()
        self._memory = MemoryText(self.name, config, text)

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
        if self._reads_files:
            return self._encode_files(vocabulary)
        ids, unknown = Encoder(vocabulary).encode(self._memory.text)
        splits = {
            split: split_slice(len(ids), self.config, split, self.name)
            for split in split_names(self.config)
        }
        return Encoded(ids.long(), splits, unknown)

    def _encode_files(self, vocabulary: Vocabulary) -> Encoded:
        """Returns the two files of the course as ids; the second is the validation split."""
        encoder, text = Encoder(vocabulary), self._memory.text
        second = text.find(START, 1) if START in text[1:] else len(text)
        parts = [encoder.encode(part) for part in (text[:second], text[second:]) if part]
        ids = torch.cat([part.long() for part, _ in parts])
        unknown = [part for _, part in parts if part is not None]
        ends = (len(parts[0][0]), len(ids))
        slices = (slice(0, ends[0]), slice(*ends))
        splits = dict(zip(split_names(self.config), slices, strict=False))
        return Encoded(ids, splits, torch.cat(unknown) if unknown else None)
