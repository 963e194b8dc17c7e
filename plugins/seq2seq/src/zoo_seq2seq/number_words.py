"""Whole numbers in English and in French words."""

from __future__ import annotations

from zoo_text.human_numbers import in_words

FRENCH = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    *("onze", "douze", "treize", "quatorze", "quinze", "seize"),
)
FRENCH_TENS = ("vingt", "trente", "quarante", "cinquante", "soixante")


def number_pairs(largest: int) -> list[tuple[str, str]]:
    """Returns the numbers from 1 to the largest one in English and in French."""
    return [(in_words(number), french(number)) for number in range(1, largest + 1)]


def french(number: int) -> str:
    """Returns a number up to 10,000 in French words, with blanks in the place of hyphens.

    The rules are those of France: 70 is ``soixante dix`` and 90 ``quatre vingt dix``; 21 to 61 have
    ``et un`` and 71 ``et onze``, 81 and 91 have no ``et``; ``quatre vingts`` and the ``cents``
    from ``deux cents`` on have their s where the number ends with them; ``mille`` has neither an s
    nor ``un`` before it.
    """
    thousands, rest = divmod(number, 1000)
    hundreds, small = divmod(rest, 100)
    words = []
    if thousands:
        words += [*([french(thousands)] if thousands > 1 else []), "mille"]
    if hundreds:
        words += [*([FRENCH[hundreds]] if hundreds > 1 else [])]
        words.append("cents" if hundreds > 1 and not small else "cent")
    if small or not words:
        words.append(_below_hundred(small))
    return " ".join(words)


def _below_hundred(number: int) -> str:
    if number <= 16:
        return FRENCH[number]
    if number < 20:
        return f"dix {FRENCH[number - 10]}"
    if number >= 80:
        rest = number - 80
        return f"quatre vingt {_below_hundred(rest)}" if rest else "quatre vingts"
    tens = min(number // 10, 6)
    rest = number - 10 * tens
    if not rest:
        return FRENCH_TENS[tens - 2]
    link = "et " if rest in (1, 11) else ""
    return f"{FRENCH_TENS[tens - 2]} {link}{_below_hundred(rest)}"
