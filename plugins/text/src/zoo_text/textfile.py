"""Any text files as a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from zoo_core import Vocabulary
from zoo_text.configs import TextConfig
from zoo_text.dataset import TextDataset
from zoo_text.files import find_files, identify, read_marked
from zoo_text.prepared_text import AbstractText, MemoryText, file_starts
from zoo_text.stored_text import StoredText

STORED = 1_000_000
"""Bytes of files from which on their ids are kept on disk."""


def text_file(config: TextConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns the text of files, with newlines as line ends.

    Nothing is read before it is needed. Then DataError is raised if a file is missing, unreadable
    or not in the encoding.
    """
    name = _name(config.path)
    return TextDataset(name, config, partial(_open, name, config), vocabulary)


def _open(name: str, config: TextConfig) -> AbstractText:
    files = find_files(config.path)
    marks = config.between_files == "reset"
    if sum(identify(path).size for path in files) >= STORED:
        return StoredText(name, config, files, config.encoding, marks_files=marks)
    pieces = list(read_marked(files, config.encoding))
    starts = file_starts(pieces, config) if marks else None
    return MemoryText(name, config, "".join(text for _, text in pieces), starts)


def _name(paths: Sequence[Path]) -> str:
    more = len(paths) - 1
    return f"{paths[0]} and {more} more" if more else str(paths[0])
