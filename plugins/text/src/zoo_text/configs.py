"""Settings of the text datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zoo_core import AbstractTokensConfig, config, setting
from zoo_core.data.encodings import AUTO, ENCODING_HELP


@config
class HelloConfig:
    """Settings of hello: a word and an answer of the same length."""

    word: str = setting(default="hello", help="The input.")
    answer: str = setting(
        default="ohlol", help="The output to learn; must have as many symbols as the word."
    )


@config
class AbstractWindowsConfig:
    """Settings of the windows and splits of a text."""

    steps: int = setting(default=64, unit="symbols", at_least=1, help="Symbols per window.")
    sampling: Literal["sequential", "random", "ordered"] = setting(
        default="sequential",
        help="sequential: each row continues the row before; random: windows in random order; "
        "ordered: windows in the order of the text, each with a fresh state.",
    )
    shift: bool = setting(
        default=True,
        help="Whether each epoch of training begins at a symbol of its own, so that windows do not "
        "always begin at the same ones.",
    )
    stride: int | None = setting(
        default=None,
        unit="symbols",
        at_least=1,
        help="Distance between the starts of random or ordered windows; none: no overlap.",
    )
    per: Literal["step", "sequence"] = setting(
        default="step",
        help="step: a label for every symbol, the next one; sequence: one label for a window, the "
        "symbol after it.",
    )
    split: Literal["contiguous", "random"] = setting(
        default="contiguous",
        help="contiguous: hold out regions of the text; random: hold out windows from anywhere, "
        "whose overlap with training windows makes metrics look better than they are.",
    )
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction for validation, before the test split."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction for the test split, at the end."
    )
    limit: int | None = setting(
        default=None, unit="symbols", at_least=1, help="Use only this much of the text."
    )
    lowercase: bool = setting(default=False, help="Convert the text to lower case.")


@config
class AbstractTextConfig(AbstractTokensConfig, AbstractWindowsConfig):
    """Settings that all texts share: windows, splits and symbols."""


@config
class PythonDocsConfig(AbstractTextConfig):
    """Settings of python-docs: the prose of CPython."""


@config
class AdditionConfig:
    """Settings of addition: sums of two numbers."""

    digits: int = setting(
        default=2, unit="digits", at_least=1, at_most=9, help="Most digits of a number to add."
    )
    examples: int = setting(
        default=5000, unit="sums", at_least=1, help="Sums in all splits; no two are equal."
    )
    reversed: Literal["none", "question", "answer"] = setting(
        default="none",
        help="What is read from its end: the question (as in Keras' example), the answer (its "
        "ones come first, as when adding by hand), or none.",
    )
    seed: int = setting(default=0, at_least=0, help="Decides which sums are drawn.")
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the sums for validation."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the sums for the test split."
    )


@config
class HumanNumbersConfig(AbstractTextConfig):
    """Settings of human-numbers: whole numbers in English words, with the book's split."""

    edition: Literal["book", "course"] = setting(
        default="book",
        help="book: full stops between the numbers, split by the fractions; course: commas, 38 "
        "symbols, and the numbers from 8,001 on for validation, as in the course of 2019.",
    )
    tokens: str = setting(
        default="word",
        file_suffix=".json",
        help="Symbols of the text: char, byte, word, bpe (pairs of bytes that are learned, of the "
        "plugin zoo-tokenizers), or a FILE.json of the library tokenizers.",
    )
    steps: int = setting(default=16, unit="symbols", at_least=1, help="Symbols per window.")
    validation: float = setting(
        default=0.2,
        at_least=0,
        below=1,
        help="Fraction for validation, before the test split.",
        needs=("the edition book", lambda config: config.edition == "book"),
    )
    test: float = setting(
        default=0.0, at_least=0, below=1, help="Fraction for the test split, at the end."
    )


@config
class TimeMachineConfig(AbstractTextConfig):
    """Settings of time-machine: The Time Machine by H. G. Wells."""

    preparation: Literal["classic", "newer"] = setting(
        default="classic",
        help="classic: strip the lines and join them; newer: treat the text as one line.",
    )
    path: Path | None = setting(default=None, help="A local copy, used instead of a download.")


@config
class NietzscheConfig(AbstractTextConfig):
    """Settings of nietzsche: Beyond Good and Evil."""

    path: Path | None = setting(default=None, help="A local copy, used instead of a download.")


@config
class TinyShakespeareConfig(AbstractTextConfig):
    """Settings of tiny-shakespeare, with its customary split of 90 to 10."""

    path: Path | None = setting(default=None, help="A local copy, used instead of a download.")
    test: float = setting(
        default=0.0, at_least=0, below=1, help="Fraction for the test split, at the end."
    )


@config
class WarAndPeaceConfig(AbstractTextConfig):
    """Settings of war-and-peace, with the split of 80 to 10 to 10."""

    steps: int = setting(default=100, unit="symbols", at_least=1, help="Symbols per window.")
    path: Path | None = setting(
        default=None, help="The file; none: warpeace_input.txt in the folder of data."
    )


@config
class NamesConfig:
    """Settings of names: names from 18 languages."""

    path: Path | None = setting(
        default=None, help="A folder of local copies, used instead of a download."
    )
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of each language for validation."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of each language for the test split."
    )


@config
class TextConfig(AbstractTextConfig):
    """Settings of text: any text files."""

    path: tuple[Path, ...] = setting(
        help="The file to read, a folder (all files below), a pattern such as 'novels/*.txt', or "
        "several of these."
    )
    encoding: str = setting(
        default=AUTO,
        help=f"Encoding of the files; {ENCODING_HELP}",
    )
    between_files: Literal["join", "reset"] = setting(
        default="join",
        help="join: the text goes on from file to file; reset: the state of the model starts anew "
        "with every file, and no symbol reaches from one into the next.",
    )


@config
class ProseOrCodeConfig:
    """Settings of prose-or-code: windows of CPython's prose and of its source code."""

    steps: int = setting(default=128, unit="symbols", at_least=1, help="Symbols per window.")
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of each text for validation."
    )
    test: float = setting(
        default=0.2, at_least=0, below=1, help="Fraction of each text for the test, at its end."
    )
