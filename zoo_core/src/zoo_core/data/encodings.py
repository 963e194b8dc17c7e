"""The encoding of a text file, found out from its bytes."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Iterator

from zoo_core.errors import DataError

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
SAVE = "save it as plain text in UTF-8, a table as CSV"
UNPACK = "unpack it first"
DOCUMENTS = {
    b"PK\x03\x04": f"a zip archive, as .docx, .odt and .xlsx files are; {SAVE}",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": f"a document such as .doc or .xls; {SAVE}",
    b"%PDF-": f"a PDF; {SAVE}",
    b"{\\rtf": f"a document in RTF; {SAVE}",
    b"\x89PNG": "a picture; name a text",
    b"\xff\xd8\xff": "a picture; name a text",
    b"GIF8": "a picture; name a text",
    b"SQLite format 3\0": f"a database; {SAVE}",
    b"\x1f\x8b": f"gzip; {UNPACK}",
    b"BZh": f"bzip2; {UNPACK}",
    b"\xfd7zXZ\0": f"xz; {UNPACK}",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive; {UNPACK}",
}
"""The first bytes of files that are often named in the place of a text, and what they are."""
WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŒ¿¡«»‘’‚“”„–—…•°§©®£€\xa0"
)
"""What texts in Western European languages have beyond ASCII."""
MAX_WESTERN = 0.3
"""The share of such characters in a text; one in Chinese, read as if it were Western, has more."""
MAX_BROKEN = 0.25
"""The share of broken characters beyond ASCII in a damaged UTF-8 text; others have far more."""
STRICT = ("gb", "big5", "euc", "shift", "cp932", "cp949", "johab", "iso2022", "utf_16", "utf_32")
"""How the names of encodings begin that most bytes are not in, so that a guess is sure enough."""
JAPANESE = ("euc_j", "shift", "cp932", "iso2022_jp")
KOREAN = ("euc_kr", "cp949", "johab", "iso2022_kr")
MAX_ALONE = 0.5
"""The share of the characters beyond ASCII of such a text that may stand alone.

Bytes of a Western text that are in one by chance stand alone: "ö" and the letter behind it are one.
"""
MIN_KANA = 0.1
"""The share of kana in Japanese is above this; in Chinese there are none."""
MIN_HANGUL = 0.7
"""The share of hangul in Korean is above this, without ASCII."""
MIN_COMMON = 0.7
"""The share of common characters in Chinese is above this."""

logger = logging.getLogger("zoo_core.data")


def find_encoding(name: str, sample: bytes) -> str:
    """Returns the encoding of a file, and logs it unless it is UTF-8.

    A byte order mark tells it. What is not UTF-8 is in the encoding in which the sample is of a
    known language, if that is one that other bytes hardly fit.

    Args:
        name: The name of the file in messages.
        sample: The beginning of the file.

    Raises:
        DataError: It is the beginning of a document, a picture or an archive.
    """
    for beginning, kind in DOCUMENTS.items():
        if sample.startswith(beginning):
            raise DataError(f"{name} is {kind}")
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

    UTF-8 in which a few characters are broken is in no other encoding, whatever it looks like.

    Args:
        sample: The bytes.
        tried: An encoding that they are not in.
    """
    from charset_normalizer import from_bytes

    if _is_damaged_utf8(sample):
        return ""
    if _is_western(sample) and codecs.lookup(tried).name != "cp1252":
        return "cp1252"
    best = from_bytes(sample[:SAMPLE_BYTES]).best()
    names = {codecs.lookup(encoding).name for encoding in (tried, "ascii")}
    is_known = best is not None and (best.bom or best.language != "Unknown")
    if best is None or not is_known or codecs.lookup(best.encoding).name in names:
        return ""  # a NUL is not text in any encoding
    if best.encoding.startswith(STRICT) and not best.encoding.startswith("utf"):
        if _is_plausible(sample, best.encoding):
            return best.encoding
        return "gb18030" if _is_common_chinese(sample) else ""
    return best.encoding


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether bytes are UTF-8 but for a few, as those of a file that is cut off within a letter."""
    wide = list(_wide(sample.decode("utf-8", "replace")))
    return 0 < wide.count("\ufffd") <= MAX_BROKEN * len(wide)


def _is_plausible(sample: bytes, encoding: str) -> bool:
    """Whether bytes are Chinese, Japanese or Korean in an encoding of that language.

    The bytes of one are often in the encodings of the others too, as other characters: Japanese
    without kana, or Korean with few syllables.
    """
    text = codecs.getincrementaldecoder(encoding)("ignore").decode(sample)
    around = f" {text} "
    places = [index for index, char in enumerate(around) if not char.isascii()]
    alone = sum(around[at - 1].isascii() and around[at + 1].isascii() for at in places)
    wide = [around[at] for at in places]
    if not wide or alone > MAX_ALONE * len(wide):
        return False
    kana = sum("\u3040" <= char <= "\u30ff" for char in wide) / len(wide)
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in wide) / len(wide)
    if encoding.startswith(JAPANESE):
        return kana > MIN_KANA
    if encoding.startswith(KOREAN):
        return hangul > MIN_HANGUL
    return not kana and not hangul


def _is_common_chinese(sample: bytes) -> bool:
    """Whether bytes in GB 18030 are mostly the 3,755 common characters of GB 2312."""
    if not _is_plausible(sample, "gb18030"):
        return False
    text = codecs.getincrementaldecoder("gb18030")("ignore").decode(sample)
    leads = [char.encode("gb2312", "ignore")[:1] for char in text if "\u4e00" <= char <= "\u9fff"]
    return sum(b"\xb0" <= lead <= b"\xd7" for lead in leads) > MIN_COMMON * len(leads)


def _is_western(sample: bytes) -> bool:
    """Whether bytes are letters and marks of Western European languages in cp1252."""
    text = sample.decode("cp1252", "replace")
    wide = list(_wide(text))
    return 0 < len(wide) <= MAX_WESTERN * len(text) and WESTERN.issuperset(wide)


def _wide(text: str) -> Iterator[str]:
    return (char for char in text if not char.isascii())


def encoding_remedy(data: bytes, tried: str) -> str:
    """Returns what to do about a text in another encoding than the one tried."""
    if _is_damaged_utf8(data):
        return "the characters around it are UTF-8; save or download what is damaged anew"
    guess = guess_encoding(data, tried)
    likely = f", likely {guess}," if guess else ""
    return f"name another --dataset.encoding{likely} or save it as UTF-8"
