"""Probes, and the units that follow them."""

from __future__ import annotations

import numpy as np
import pytest

from zoo_core.runtime.inspection.probes import PROBES, probe_values, strongest_correlations
from zoo_core.runtime.inspection.recording import SignalName

HIDDEN = SignalName(0, "hidden", False)
EXAMPLES = [
    ("position in text", "a b", "012"),
    ("position in line", "ab\ncd", "12012"),
    ("position in word", "ab cd", "12012"),
    ("indentation", "  a b\n c", "12222011"),
    ("inside quotes", 'a "b" c', "0011000"),
    ("inside quotes", "don't 'b'", "000000110"),
    ("inside quotes", "“b” «c»", "1100110"),
    ("inside quotes", "'b\nc", "1100"),
    ("inside quotes", '"b\nc\n\nd', "1111100"),
    ("inside brackets", "a (b [c]) d", "00111111000"),
    ("inside brackets", "(a [b) c", "11111000"),
    ("inside brackets", "(a\n\nb", "11100"),
    ("inside brackets", "a < b", "00000"),
    ("inside brackets", "<br>", "1110"),
    ("inside brackets", "a <i>", "00110"),
    ("upper case", "aB1", "010"),
    ("lower case", "aB1", "100"),
    ("vowel", "aBe", "101"),
    ("digit", "a1 2", "0101"),
    ("punctuation", "a, b.", "01001"),
    ("space", "a b\n", "0101"),
    ("line end", "a b\n", "0001"),
    ("after a space", "ab c", "1001"),
]


def values(probe: str, text: str) -> str:
    """Returns the values of a probe as digits."""
    return "".join(f"{value:.0f}" for value in probe_values(list(text))[probe])


@pytest.mark.parametrize(("probe", "text", "expected"), EXAMPLES)
def test_the_values_of_a_probe(probe: str, text: str, expected: str) -> None:
    assert values(probe, text) == expected


def test_every_probe_has_a_test_of_its_values_and_takes_an_empty_text() -> None:
    assert {probe for probe, _, _ in EXAMPLES} == {probe.name for probe in PROBES}
    assert all(list(probe.measure("")) == [] for probe in PROBES)


def test_a_symbol_of_several_characters_has_the_value_of_its_last() -> None:
    assert list(probe_values(["ab", " ", "cd"])["position in line"]) == [2, 3, 5]


def test_the_unit_that_follows_quotes_is_found() -> None:
    text = list('he said "yes" and she said "no" to it')
    generator = np.random.default_rng(0)
    activations = generator.normal(size=(len(text), 8)).astype(np.float32)
    activations[:, 5] = 1 - 2 * probe_values(text)["inside quotes"]
    ranked = strongest_correlations({HIDDEN: activations}, text, 2)
    best, second = [row for row in ranked if row.probe == "inside quotes"]
    assert (best.layer, best.name, best.unit) == (0, "hidden", 5)
    assert best.correlation == pytest.approx(-1)
    assert abs(second.correlation) < 1


def test_the_closest_units_of_all_layers_and_gates_come_first() -> None:
    text = list('he said "yes" and she said "no" to it')
    quotes = probe_values(text)["inside quotes"]
    noise = np.random.default_rng(0).normal(size=len(text))
    signals = {
        signal: (quotes + share * noise)[:, None].astype(np.float32)
        for signal, share in (
            (HIDDEN, 0.5),
            (SignalName(1, "cell", False), 0.0),
            (SignalName(1, "forget", True), 0.25),
        )
    }
    found = strongest_correlations(signals, text, 2)
    rows = [row for row in found if row.probe == "inside quotes"]
    assert [(row.layer, row.name) for row in rows] == [(1, "cell"), (1, "forget")]


def test_a_constant_unit_and_a_constant_probe_have_no_correlation() -> None:
    text = list("abc def")
    constant = np.full((len(text), 1), 0.7, np.float32)
    assert strongest_correlations({HIDDEN: constant}, text, 3) == []
    varied = np.arange(len(text), dtype=np.float32)[:, None]
    probes = {row.probe for row in strongest_correlations({HIDDEN: varied}, text, 3)}
    assert "position in text" in probes
    assert not probes & {"digit", "upper case", "inside quotes"}


def test_symbols_without_activations_do_not_count() -> None:
    text = list("ab cd ef")
    activations = probe_values(text)["space"].astype(np.float32)[:, None]
    activations[:2] = np.nan
    (row,) = [
        r for r in strongest_correlations({HIDDEN: activations}, text, 1) if r.probe == "space"
    ]
    assert row.correlation == pytest.approx(1)
