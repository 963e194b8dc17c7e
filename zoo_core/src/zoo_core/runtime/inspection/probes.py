"""Probes: properties of a symbol in its text that a unit may respond to.

A unit that follows a property has a correlation with its probe near 1 or -1. A text without a
property, or a unit that never changes, has no correlation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt

from zoo_core.runtime.inspection.recording import SignalName

Numbers = npt.NDArray[np.float64]

QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "‘": "’", "`": "`", "'": "'"}
"""Opening quotes with the marks that close them."""
BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">", "（": "）", "「": "」", "《": "》"}
PUNCTUATION = frozenset(".,;:!?…-–—，。；：！？、")
VOWELS = frozenset("aeiouyAEIOUY")
COLUMNS = 32
"""Units that are turned into numbers of double precision at once."""
CONSTANT = 1e-6
"""Spread of a unit, relative to its largest value, that may be rounding alone."""


@final
class Probe(NamedTuple):
    """A property of the symbols of a text.

    Args:
        name: Words for tables.
        description: What its value is.
        measure: Returns the value of every character of a text, after it is read.
    """

    name: str
    description: str
    measure: Callable[[str], Iterable[float]]


@final
class Correlation(NamedTuple):
    """How closely a unit follows a probe.

    Args:
        probe: The name of the probe.
        layer: The layer of the unit, from 0.
        name: The state or gate.
        unit: The number of the unit, from 0.
        correlation: Pearson's correlation of the unit's activation and the probe, -1 to 1.
    """

    probe: str
    layer: int
    name: str
    unit: int
    correlation: float


def _since(ends: Callable[[str], bool]) -> Callable[[str], Iterable[float]]:
    """Returns a measure: the number of characters since the last one that ends a stretch."""

    def measure(text: str) -> Iterable[float]:
        count = 0
        for char in text:
            count = 0 if ends(char) else count + 1
            yield count

    return measure


def _is(test: Callable[[str], bool]) -> Callable[[str], Iterable[float]]:
    """Returns a measure: 1 for the characters that pass a test, otherwise 0."""
    return lambda text: (float(test(char)) for char in text)


def _after_space(text: str) -> Iterable[float]:
    return (float(before.isspace()) for before in "\n" + text[:-1]) if text else ()


def _inside_quotes(text: str) -> Iterable[float]:
    """Yields 1 from an opening quote to the character before the one that closes it.

    A blank line closes every quote, and a line end closes those of ' and `. After a letter or a
    digit, ' is an apostrophe and opens nothing.
    """
    closing = ""
    for before, char in zip("\n" + text, text, strict=False):
        if closing:
            if char == closing or (char == before == "\n") or (closing in "'`" and char == "\n"):
                closing = ""
        elif char in QUOTES and not (char == "'" and before.isalnum()):
            closing = QUOTES[char]
        yield float(bool(closing))


def _inside_brackets(text: str) -> Iterable[float]:
    """Yields 1 from an opening bracket to the character before the one that closes it.

    A blank line closes every bracket. ``<`` and ``>`` count only in pairs such as ``<br>``.
    """
    expected: list[str] = []
    for index, char in enumerate(text):
        if char == "\n" and text[index - 1 : index] == "\n":
            expected = []
        elif char in BRACKETS and (char != "<" or text[index + 1 : index + 2].isalpha()):
            expected.append(BRACKETS[char])
        elif char in expected:
            while expected.pop() != char:  # what was opened inside and never closed
                pass
        yield float(bool(expected))


def _indentation(text: str) -> Iterable[float]:
    """Yields the blanks at the beginning of the line so far."""
    count, leading = 0, True
    for char in text:
        if char == "\n":
            count, leading = 0, True
        elif leading and char in " \t":
            count += 1
        else:
            leading = False
        yield count


PROBES = (
    Probe("position in text", "symbols before it", lambda text: range(len(text))),
    Probe("position in line", "symbols since the line end", _since(lambda char: char == "\n")),
    Probe("position in word", "symbols since the last blank", _since(str.isspace)),
    Probe("indentation", "blanks at the beginning of its line", _indentation),
    Probe("inside quotes", "1 from a quote mark until it is closed", _inside_quotes),
    Probe("inside brackets", "1 from a bracket until it is closed", _inside_brackets),
    Probe("upper case", "1 for a capital letter", _is(str.isupper)),
    Probe("lower case", "1 for a small letter", _is(str.islower)),
    Probe("vowel", "1 for a, e, i, o, u and y", _is(VOWELS.__contains__)),
    Probe("digit", "1 for a digit", _is(str.isdigit)),
    Probe("punctuation", "1 for a mark such as a comma", _is(PUNCTUATION.__contains__)),
    Probe("space", "1 for a blank or a line end", _is(str.isspace)),
    Probe("line end", "1 for a line end", _is("\n".__eq__)),
    Probe("after a space", "1 for the first symbol of a word", _after_space),
)
"""Every probe, in the order of tables."""


def probe_values(texts: Sequence[str]) -> dict[str, Numbers]:
    """Returns the values of every probe for the symbols of a text, (N,) each, by its name.

    A symbol of several characters has the value of its last character.

    Args:
        texts: The symbols, in order.
    """
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64) - 1
    whole = "".join(texts)
    return {
        probe.name: np.fromiter(probe.measure(whole), np.float64, len(whole))[ends]
        for probe in PROBES
    }


def strongest_correlations(
    signals: Mapping[SignalName, npt.NDArray[np.float32]], texts: Sequence[str], count: int
) -> list[Correlation]:
    """Returns the units that follow each probe most closely.

    Args:
        signals: The activations, (N, units) each; the rows of symbols without any are NaN.
        texts: The N symbols.
        count: How many units to return for each probe.

    Returns:
        For each probe that is not constant, at most ``count`` units, the closest first.
    """
    values = probe_values(texts)
    ranked: dict[str, list[Correlation]] = {name: [] for name in values}
    for signal, activations in signals.items():
        rows = ~np.isnan(activations).any(axis=1)
        probes = _standardize(np.stack([probe[rows] for probe in values.values()], axis=1))
        blocks = [
            probes.T @ _standardize(activations[rows, start : start + COLUMNS].astype(np.float64))
            for start in range(0, activations.shape[1], COLUMNS)
        ]
        for name, correlations in zip(values, np.concatenate(blocks, axis=1), strict=True):
            best = np.argsort(-np.abs(correlations), kind="stable")[:count]
            ranked[name] += [
                Correlation(name, signal.layer, signal.name, int(unit), float(correlations[unit]))
                for unit in best
                if correlations[unit]
            ]
    return [
        row
        for rows in ranked.values()
        for row in sorted(rows, key=lambda row: -abs(row.correlation))[:count]
    ]


def _standardize(columns: Numbers) -> Numbers:
    """Returns columns (N, units) with a mean of 0 and a length of 1; constant ones are 0."""
    centred = columns - columns.mean(axis=0) if len(columns) else columns
    norms = np.linalg.norm(centred, axis=0)
    largest = np.abs(columns).max(axis=0, initial=0)
    varies = norms > CONSTANT * largest * len(columns) ** 0.5
    return np.where(varies, centred / np.where(varies, norms, 1.0), 0.0)
