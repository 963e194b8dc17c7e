"""Published figures: rounded to their digits, and compared in the right direction."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from zoo_core.errors import ConfigError
from zoo_core.recipes.published import Published, parse_published
from zoo_core.recipes.recipe import parse_recipe

GOOD: dict[str, Any] = {
    "metric": "perplexity",
    "split": "train",
    "low": Decimal("1.0"),
    "high": Decimal("1.2"),
    "source": "a book",
}


def published(low: str, high: str, metric: str = "perplexity") -> Published:
    """A figure."""
    return parse_published(
        GOOD | {"low": Decimal(low), "high": Decimal(high), "metric": metric}, "recipe"
    )


@pytest.mark.parametrize(
    ("low", "high", "measured", "verdict"),
    [
        ("1.0", "1.2", 1.1, "reproduced"),
        ("1.0", "1.2", 1.2499, "reproduced"),
        ("1.0", "1.2", 1.2501, "missed"),
        ("1.1", "1.2", 1.04, "better"),
        ("1.1", "1.2", 1.06, "reproduced"),
        ("7.15", "7.44", 7.144, "better"),
        ("7.15", "7.44", 7.1451, "reproduced"),
        ("7.15", "7.44", 7.446, "missed"),
        ("1.504", "1.504", 1.5044, "reproduced"),
        ("1.370", "1.370", 1.3706, "missed"),
    ],
)
def test_our_figure_is_rounded_to_the_published_digits(
    low: str, high: str, measured: float, verdict: str
) -> None:
    assert published(low, high).verdict(measured, higher_is_better=False) == verdict


@pytest.mark.parametrize(
    ("measured", "verdict"), [(0.97, "missed"), (0.985, "reproduced"), (0.9999, "better")]
)
def test_a_higher_accuracy_is_better(measured: float, verdict: str) -> None:
    assert (
        published("0.980", "0.990", "accuracy").verdict(measured, higher_is_better=True) == verdict
    )


@pytest.mark.parametrize("metric", ["loss", "perplexity", "bits_per_character"])
def test_a_lower_loss_is_better(metric: str) -> None:
    assert published("1.5", "1.6", metric).verdict(1.2, higher_is_better=False) == "better"
    assert published("1.5", "1.6", metric).verdict(1.7, higher_is_better=False) == "missed"


def test_a_figure_is_shown_with_its_digits() -> None:
    assert published("1.0", "1.20").in_words() == "1.0–1.20"
    assert published("1.370", "1.370").in_words() == "1.370"
    assert published("6.11", "6.60").rounded(6.5).as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": ""}, "published.metric = '': expected text"),
        ({"split": "dev"}, "published.split = 'dev': expected train or validation or test"),
        ({"low": "1"}, "published.low = '1': expected a number"),
        ({"high": True}, "published.high = True: expected a number"),
        ({"high": Decimal("nan")}, "published.high = Decimal('NaN'): expected a number"),
        ({"low": Decimal(3)}, "published.low = 3 is above published.high = 1.2"),
        ({"source": ""}, "published.source = '': expected text"),
        (
            {"digits": 2},
            "published.digits: no such key; there are: metric, split, low, high, source",
        ),
    ],
)
def test_a_table_that_is_not_well_formed_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_published(GOOD | change, "recipe")
    assert str(caught.value).startswith(f"recipe: {message}")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"published\.source is missing: expected text"):
        parse_published({key: value for key, value in GOOD.items() if key != "source"}, "recipe")


def test_seconds_are_an_integer() -> None:
    assert parse_recipe("seconds = 5", "recipe")["seconds"] == 5
    with pytest.raises(ConfigError, match="seconds = 'long': expected an integer"):
        parse_recipe("seconds = 'long'", "recipe")


@pytest.mark.parametrize("measured", [1e308, -1e308, 5e-324])
def test_a_figure_of_any_size_is_rounded(measured: float) -> None:
    figure = published("1.0", "1.2")
    assert figure.rounded(measured).as_tuple().exponent == figure.low.as_tuple().exponent


@pytest.mark.parametrize("measured", [math.inf, -math.inf, math.nan])
def test_a_figure_that_is_not_a_number_is_missed(measured: float) -> None:
    assert published("1.0", "1.2").verdict(measured, higher_is_better=False) == "missed"


@pytest.mark.parametrize("figure", ["1e400", "1e-400", "1e31"])
def test_an_absurd_number_of_digits_is_refused(figure: str) -> None:
    with pytest.raises(ConfigError, match="expected a number"):
        parse_published(GOOD | {"high": Decimal(figure)}, "recipe")
