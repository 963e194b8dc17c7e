"""The Time Machine, prepared as in Dive into Deep Learning."""

from __future__ import annotations

import re

from zoo_core import Vocabulary
from zoo_text.configs import TimeMachineConfig
from zoo_text.dataset import TextDataset
from zoo_text.remote import TIME_MACHINE, text_of

UNKNOWN = "<unk>"


def time_machine(config: TimeMachineConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns the book as lowercase letters and spaces, 28 symbols with ``<unk>``."""
    return TextDataset(
        "time-machine",
        config,
        lambda: prepare(text_of(TIME_MACHINE, config.path), config.preparation),
        vocabulary,
        special=(UNKNOWN,),
        example="time traveller",
    )


def prepare(text: str, preparation: str) -> str:
    """Returns a text in lower case with runs of other characters than letters replaced by a space.

    Args:
        text: The downloaded text.
        preparation: ``classic`` strips every line and joins them without a separator; ``newer``
            treats the text as one line.
    """
    if preparation == "classic":
        return "".join(_only_letters(line).strip() for line in text.split("\n"))
    return _only_letters(text)


def _only_letters(text: str) -> str:
    return re.sub("[^A-Za-z]+", " ", text).lower()
