"""The encoding of a text file, found out from its bytes."""

from __future__ import annotations

import codecs
import logging

AUTO = "auto"
"""The encoding of a file is found out from its bytes."""
ENCODING_HELP = (
    "auto: by the byte order mark, UTF-8, or one that few bytes fit, such as GB18030, which a "
    "line tells."
)
"""What the help of a setting says about ``auto``."""
SAMPLE_BYTES = 100_000
"""Bytes of a text from which its encoding is guessed."""
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The encodings of byte order marks."""
STRICT = ("gb", "big5", "euc", "shift", "cp932", "cp949", "johab", "iso2022", "utf_16", "utf_32")
"""How the names of encodings begin that most bytes are not in, so that a guess is sure enough."""

logger = logging.getLogger("zoo_core.data")


def find_encoding(name: str, sample: bytes) -> str:
    """Returns the encoding of a file, and logs it unless it is UTF-8.

    A byte order mark tells it. What is not UTF-8 is in the encoding in which the sample is of a
    known language, if that is one that other bytes hardly fit.

    Args:
        name: The name of the file in messages.
        sample: The beginning of the file.
    """
    for mark, encoding in MARKS.items():
        if sample.startswith(mark):
            if encoding != "utf-8":
                logger.info("%s is %s, as its byte order mark says", name, encoding.upper())
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        pass
    else:
        if b"\0" not in sample:
            return "utf-8"
    guess = guess_encoding(sample, "utf-8")
    if not guess.startswith(STRICT):
        return "utf-8"
    logger.warning(
        "%s is read as %s, which it looks like; --dataset.encoding sets another", name, guess
    )
    return guess


def guess_encoding(sample: bytes, tried: str) -> str:
    """Returns the encoding in which some bytes are of a known language; empty if there is none.

    Args:
        sample: The bytes.
        tried: An encoding that they are not in.
    """
    from charset_normalizer import from_bytes

    best = from_bytes(sample[:SAMPLE_BYTES]).best()
    if best is None or not (best.bom or best.language != "Unknown"):
        return ""
    names = {codecs.lookup(encoding).name for encoding in (tried, "ascii")}
    if codecs.lookup(best.encoding).name in names:
        return ""  # a NUL is not text in any encoding
    return best.encoding


def encoding_remedy(data: bytes, tried: str) -> str:
    """Returns what to do about a text in another encoding than the one tried."""
    guess = guess_encoding(data, tried)
    likely = f", likely {guess}," if guess else ""
    return f"name another --dataset.encoding{likely} or save it as UTF-8"
