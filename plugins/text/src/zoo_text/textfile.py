"""Any text file as a dataset."""

from __future__ import annotations

import codecs
import logging

from zoo_core import Vocabulary
from zoo_core.data.text import decode_text
from zoo_core.errors import DataError
from zoo_core.storage.capacity import format_bytes
from zoo_text.configs import TextConfig
from zoo_text.dataset import TextDataset

SAMPLE_BYTES = 100_000
"""Bytes of a text from which its encoding is guessed."""
LARGE_TEXT = 20_000_000
"""Bytes of a text whose reading takes so long that a line announces it."""

logger = logging.getLogger("zoo_core.text")


def text_file(config: TextConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns the text of a file as a dataset, with newlines as line ends.

    Reading its text raises DataError if the file is missing, unreadable or not in the encoding.
    """
    return TextDataset(str(config.path), config, lambda: _read(config), vocabulary)


def _read(config: TextConfig) -> str:
    try:
        size = config.path.stat().st_size
        if size >= LARGE_TEXT:
            logger.info("reading %s, %s", config.path, format_bytes(size))
        data = config.path.read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot read {config.path}: {error.strerror}; name the file with --dataset.path"
        ) from None
    return decode_text(
        data,
        str(config.path),
        config.encoding,
        remedy=lambda data: _name_encoding(data, config.encoding),
    )


def _name_encoding(data: bytes, tried: str) -> str:
    """Returns the remedy for a text in another encoding than the one tried.

    It names the encoding in which the text is of a known language, if there is one.
    """
    from charset_normalizer import from_bytes

    remedy = "name another --dataset.encoding"
    best = from_bytes(data[:SAMPLE_BYTES]).best()
    if best is None or not (best.bom or best.language != "Unknown"):
        return remedy
    names = {codecs.lookup(encoding).name for encoding in (tried, "ascii")}
    if codecs.lookup(best.encoding).name in names:
        return remedy  # a NUL is not text in any encoding
    return f"{remedy}, likely {best.encoding}"
