"""Escaping of text from outside, for terminals and for shells."""

from __future__ import annotations

import re
import unicodedata

UNSAFE_CATEGORIES = ("Cc", "Cn", "Cs")
"""Control characters, unassigned characters and surrogates, which stand for undecodable bytes."""
DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder the text after them. Joiners and marks, which words need, are none."""
LINE_ENDS = re.compile("[\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]")
"""Tab, and every character that ``str.splitlines`` takes for a line end."""


def printable(text: str) -> str:
    r"""Escapes what could steer a terminal; line ends and tabs stay as they are.

    >>> print(printable("a\x1b[2J\u3000b"))
    a\x1b[2J　b
    """
    if text.isprintable():  # nearly every text is
        return text
    return "".join(char if char in "\n\t" or _is_safe(char) else _escape(char) for char in text)


def one_line(text: str) -> str:
    """Escapes what could steer a terminal, and every line end and tab."""
    return printable(escape_line_ends(text))


def escape_line_ends(text: str) -> str:
    """Escapes every line end and tab, and nothing else."""
    return LINE_ENDS.sub(lambda match: _escape(match[0]), text)


def quoted(text: str) -> str:
    """Returns a text in quotes and in one line, as ``repr`` does, with ordinary characters kept."""
    quote = '"' if "'" in text and '"' not in text else "'"
    return quote + one_line(text.replace("\\", r"\\").replace(quote, rf"\{quote}")) + quote


def shell_word(text: str) -> str:
    r"""Returns a text as one word of a shell, in one line.

    What ``one_line`` would change is written as bytes, in the form of bash and zsh.

    >>> print(shell_word("x  y"), shell_word("a\nb"))
    'x  y' $'a\x0ab'
    """
    import shlex

    if one_line(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(_in_shell_quotes(char) for char in text) + "'"


def shell_command(*words: str) -> str:
    """Returns words as a command that can be typed into a shell."""
    return " ".join(map(shell_word, words))


def _is_safe(char: str) -> bool:
    return unicodedata.category(char) not in UNSAFE_CATEGORIES and char not in DIRECTION


def _escape(char: str) -> str:
    return ascii(char)[1:-1]


def _in_shell_quotes(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    if one_line(char) == char:
        return char
    try:
        data = char.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        data = b"?"
    return "".join(f"\\x{byte:02x}" for byte in data)
