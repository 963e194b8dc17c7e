"""What a person chooses of a text."""

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
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Share of the text before the test's, held out."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Share of the text at its end, held out."
    )


@config
class PythonDocsConfig(AbstractTextConfig):
    """CPython's prose."""


@config
class TextConfig(AbstractTextConfig):
    """A file."""

    path: Path = setting(help="The file to read.")
    encoding: str = setting(default="utf-8", help="How its bytes mean characters.")
    limit: int | None = setting(
        default=None, unit="characters", at_least=1, help="Read no more than this."
    )
