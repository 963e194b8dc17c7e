"""Ranges of settings, and the rule of the draws."""

from __future__ import annotations

import hashlib

import pytest

from zoo_core.errors import ConfigError
from zoo_core.sweeps.ranges import Range, fraction, is_range, parse_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log:1e-4..1e-1", Range("log", 1e-4, 1e-1)),
        ("int:64..512", Range("int", 64, 512)),
        ("float:0..0.5", Range("float", 0, 0.5)),
        ("float:-1..1", Range("float", -1, 1)),
    ],
)
def test_a_range_has_a_kind_and_two_bounds(text: str, expected: Range) -> None:
    assert is_range(text)
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("log:1..", "expected a range such as log:1e-4..1e-1"),
        ("log:0..1", "the bounds of log must be above 0"),
        ("int:1.5..3", "the bounds must be integers"),
        ("log:a..b", "the bounds must be numbers"),
        ("int:5..5", "the first bound must be below the second"),
        ("float:1..nan", "the first bound must be below the second"),
        ("float:0..inf", "the first bound must be below the second"),
    ],
)
def test_a_malformed_range_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"^--x.y = '{text}': {problem}"):
        parse_range(text, "--x.y")


def test_a_draw_is_the_documented_fraction() -> None:
    digest = hashlib.sha256(b"zoo-sweep/model.hidden_size/3").digest()
    expected = int.from_bytes(digest[:8], "big") / 2**64
    assert fraction("model.hidden_size", 3) == pytest.approx(expected, abs=1e-15)


def test_the_ends_of_an_integer_range_are_drawn_and_nothing_beyond() -> None:
    drawn = {Range("int", 3, 5).value(index / 100) for index in range(100)}
    assert drawn == {3, 4, 5}


def test_a_log_range_is_uniform_in_the_logarithm_with_four_digits() -> None:
    bounds = Range("log", 1e-4, 1e-2)
    assert (bounds.value(0), bounds.value(0.5)) == (1e-4, 1e-3)
    assert bounds.value(1 / 3) == 0.0004642
