"""Welch's test, Holm's correction and Student's distribution, against tables and by hand."""

from __future__ import annotations

import math

import pytest

from zoo_core.comparisons.statistics import holm, t_quantile, t_tails, welch


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.706), (2, 4.303), (4, 2.776), (10, 2.228), (1e9, 1.962)]
)
def test_the_quantiles_of_95_percent_are_those_of_the_tables(
    freedom: float, quantile: float
) -> None:
    assert t_quantile(0.95, freedom) == pytest.approx(quantile, abs=6e-4)


def test_one_degree_of_freedom_is_the_cauchy_distribution() -> None:
    for t in (0.5, 1.0, 30.0, 1e6):
        assert t_tails(t, 1) == pytest.approx(2 * math.atan(1 / t) / math.pi, rel=1e-9)
    assert t_tails(0.0, 1) == 1


def test_two_degrees_of_freedom_have_a_formula() -> None:
    for t in (0.01, 0.5, 1.0, 30.0, 1e4):
        beyond = 2 / (2 + t * t + t * math.sqrt(2 + t * t))
        assert t_tails(t, 2) == pytest.approx(beyond, rel=1e-9)


@pytest.mark.parametrize(
    ("t", "freedom", "beyond"),
    [
        (5, 1.1, 0.10910333989618416),
        (100000.0, 1.0001, 6.358995427531455e-06),
        (3, 2.6182, 0.0684959966079609),
        (30, 7.5, 4.3747334101036444e-09),
        (0.3, 900.5, 0.7642463922906237),
        (12, 1000, 4.324057386774429e-31),
    ],
)
def test_the_tails_of_any_freedom_are_those_of_another_program(
    t: float, freedom: float, beyond: float
) -> None:
    """The figures are scipy's, ``2 * stats.t.sf(t, freedom)``."""
    assert t_tails(t, freedom) == pytest.approx(beyond, rel=1e-9)


def test_welch_gives_what_the_formulas_give_by_hand() -> None:
    # means 2 and 13/3, variances 1 and 19/3, so t = -7/3 / sqrt(22/9) = -1.4921, 2.6182 degrees
    difference = welch([1, 2, 3], [2, 4, 7])
    assert difference is not None
    assert difference.mean == pytest.approx(-7 / 3)
    assert difference.p_value == pytest.approx(t_tails(1.492118, 2.618182), abs=1e-5)
    assert difference.low < -7.7
    assert difference.high > 3.0


def test_the_interval_excludes_zero_exactly_if_the_test_finds_a_difference() -> None:
    for shift in (0.5, 1.0, 2.0, 2.5, 3.0, 4.0):
        difference = welch([1.0, 1.5, 2.0], [1.0 + shift, 1.5 + shift, 2.0 + shift])
        assert difference is not None
        assert (difference.high < 0) == (difference.p_value < 0.05)


def test_one_value_has_no_spread() -> None:
    assert welch([1.0], [1.0, 2.0]) is None


@pytest.mark.parametrize(("second", "p_value"), [([1.0, 1.0], 1.0), ([2.0, 2.0], 0.0)])
def test_values_without_spread_differ_if_they_are_not_equal(
    second: list[float], p_value: float
) -> None:
    difference = welch([1.0, 1.0], second)
    assert difference is not None
    assert difference.p_value == p_value


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
