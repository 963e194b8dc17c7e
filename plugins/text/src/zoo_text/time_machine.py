"""The Time Machine, prepared as in Dive into Deep Learning."""

from __future__ import annotations

import re

from zoo_core import Vocabulary
from zoo_text.configs import TimeMachineConfig
from zoo_text.dataset import TextDataset
from zoo_text.remote import TIME_MACHINE, text_of

UNKNOWN = "<unk>"


def time_machine(config: TimeMachineConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Letters and spaces in lower case, 28 symbols with ``<unk>``."""
    return TextDataset(
        "time-machine",
        config,
        lambda: prepare(text_of(TIME_MACHINE, config.path), config.preparation),
        vocabulary,
        special=(UNKNOWN,),
        example="time traveller",
    )


def prepare(text: str, preparation: str) -> str:
    """The text with everything but letters made a space, in lower case.

    Args:
        text: As downloaded.
        preparation: ``classic``: line by line, each stripped, all joined without a separator;
            ``newer``: the whole text at once.
    """
    lines = text.split("\n") if preparation == "classic" else [text]
    spaced = [re.sub("[^A-Za-z]+", " ", line).lower() for line in lines]
    return "".join(line.strip() for line in spaced) if preparation == "classic" else spaced[0]
