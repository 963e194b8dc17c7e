"""The encoding of a file of data, found out from its bytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from zoo_core.data.encodings import find_encoding, guess_encoding
from zoo_core.data.text import decode_file
from zoo_core.errors import DataError

ASCII = "Hello, this is a text in plain English, as most of it is. " * 400
GERMAN = "Die Größe der Häuser ist schön. Über die Brücke läuft ein Mädchen. "
FRENCH = "L'été où les élèves étaient à l'école, ça leur a plu. Où êtes-vous allé ? "
SPANISH = "El niño comió una manzana. ¿Cómo está usted? Mañana será otro día. "
QUOTES = "He said “yes” and she’s gone — really. "
CHINESE = "第一回 甄士隐梦幻识通灵 贾雨村风尘怀闺秀。此开卷第一回也。\n"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n"
KOREAN = "나는 고양이로소이다. 이름은 아직 없다. 어디서 태어났는지 모른다.\n"


@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH, QUOTES])
@pytest.mark.parametrize("before", ["", ASCII])
def test_a_western_text_is_never_taken_for_an_east_asian_one(text: str, before: str) -> None:
    sample = (before + text).encode("cp1252")
    assert guess_encoding(sample, "utf-8") == "cp1252"
    assert find_encoding("a.txt", sample) == "utf-8"  # the text is then refused, and cp1252 named


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Příliš žluťoučký kůň úpěl", "cp1250"), ("çocuk öğretmeni bekliyordu", "cp1254")],
)
def test_a_few_letters_of_another_alphabet_are_not_read_as_an_east_asian_text(
    text: str, encoding: str
) -> None:
    assert find_encoding("a.txt", (ASCII + text).encode(encoding)) == "utf-8"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        ("你好，世界。今天天气很好，我们去公园吧。\n", "gb18030"),
        ("Chapter one 第一回 hello 甄士隐梦幻 and so on. ", "gb18030"),
        ("第一回 甄士隱夢幻識通靈 賈雨村風塵懷閨秀。此開卷第一回也。\n", "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
    ],
)
@pytest.mark.parametrize("repeats", [1, 60])
def test_an_east_asian_text_is_read_as_itself_or_refused(
    text: str, encoding: str, repeats: int
) -> None:
    sample = (text * repeats).encode(encoding)
    found = find_encoding("a.txt", sample)
    if repeats > 1:
        assert found != "utf-8"
    if found != "utf-8":
        assert sample.decode(found) == text * repeats


RUSSIAN = "Привет, как дела? Это русский текст. "
"""Cut off within a letter, it looks like Chinese."""


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, CHINESE, JAPANESE, KOREAN])
@pytest.mark.parametrize("end", [b"\xc3", b"\xc3ab", b"\xff. "])
def test_damaged_utf_8_is_in_no_other_encoding(text: str, end: bytes) -> None:
    for sample in ((text * 5).encode() + end, end + (text * 5).encode()):
        assert guess_encoding(sample, "utf-8") == ""
        assert find_encoding("a.txt", sample) == "utf-8"
        with pytest.raises(
            DataError, match=r"0x\w\w at offset \d+; the characters around it are UTF"
        ):
            decode_file(sample + b" ", "a.txt")


def _docx() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>hello</w:t>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (_docx(), "a.txt is a zip archive, as .docx, .odt and .xlsx files are; save it as plain"),
        (b"%PDF-1.7\n%\xe2\xe3", "a.txt is a PDF; save it as plain text in UTF-8"),
        (rb"{\rtf1\ansi hello}", "a.txt is a document in RTF; save it as plain text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "a.txt is a document such as .doc or .xls; save"),
        (b"\x89PNG\r\n\x1a\n", "a.txt is a picture; name a text"),
        (b"\x1f\x8b\x08\0", "a.txt is gzip; unpack it first"),
    ],
)
def test_a_document_in_the_place_of_a_text_is_called_what_it_is(
    sample: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=f"^{message}"):
        find_encoding("a.txt", sample)
