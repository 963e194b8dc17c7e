"""Settings of the text datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zoo_core import config, setting


@config
class HelloConfig:
    """A word and, symbol for symbol, its answer."""

    word: str = setting(default="hello", help="What goes in.")
    answer: str = setting(default="ohlol", help="What shall come out; as long as the word.")


@config
class AbstractTextConfig:
    """How a text becomes windows, and which part of it is held out."""

    steps: int = setting(default=64, unit="symbols", at_least=1, help="Length of a window.")
    sampling: Literal["sequential", "random"] = setting(
        default="sequential",
        help="sequential: each row goes on where it ended; random: windows in random order.",
    )
    stride: int | None = setting(
        default=None,
        unit="symbols",
        at_least=1,
        help="From the start of a random window to the next one's; none: no overlap.",
    )
    per: Literal["step", "sequence"] = setting(
        default="step",
        help="step: label each symbol with the next; sequence: a random window with the one after.",
    )
    split: Literal["contiguous", "random"] = setting(
        default="contiguous",
        help="What is held out: regions of the text; or windows anywhere, whose neighbours overlap "
        "those trained on, which flatters.",
    )
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Share of the text before the test's, held out."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Share of the text at its end, held out."
    )
    limit: int | None = setting(
        default=None, unit="symbols", at_least=1, help="Use no more than this of the text."
    )
    lowercase: bool = setting(default=False, help="Make every letter a small one.")


@config
class PythonDocsConfig(AbstractTextConfig):
    """CPython's prose."""


@config
class TimeMachineConfig(AbstractTextConfig):
    """The Time Machine."""

    preparation: Literal["classic", "newer"] = setting(
        default="classic",
        help="classic: lines stripped and joined; newer: the whole text at once.",
    )
    path: Path | None = setting(default=None, help="A copy at hand, instead of a download.")


@config
class NietzscheConfig(AbstractTextConfig):
    """Beyond Good and Evil."""

    path: Path | None = setting(default=None, help="A copy at hand, instead of a download.")


@config
class TinyShakespeareConfig(AbstractTextConfig):
    """Shakespeare in part; the customary split is 90 to 10."""

    path: Path | None = setting(default=None, help="A copy at hand, instead of a download.")
    test: float = setting(
        default=0.0, at_least=0, below=1, help="Share of the text at its end, held out."
    )


@config
class NamesConfig:
    """Names of 18 languages."""

    path: Path | None = setting(default=None, help="A folder with copies at hand.")
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Share of each language's names, held out."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Share of each language's names, held out."
    )


@config
class TextConfig(AbstractTextConfig):
    """A file."""

    path: Path = setting(help="The file to read.")
    encoding: str = setting(default="utf-8", help="How its bytes mean characters.")


@config
class ProseOrCodeConfig:
    """CPython's prose against its source."""

    steps: int = setting(default=128, unit="symbols", at_least=1, help="Length of a window.")
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Share of each text before the test's, held out."
    )
    test: float = setting(
        default=0.2, at_least=0, below=1, help="Share of each text at its end, held out."
    )
