"""A reproduction: the verdict on one run, and on the mean of several."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from zoo_core.plugins.discovery import Plugin
from zoo_core.recipes.published import Published
from zoo_core.recipes.recipe import Recipe
from zoo_core.recipes.reproduction import compare, compare_seeds, markdown
from zoo_core.run_folder.objective import Objective

DATE = "2026-01-01T00:00:00+00:00"


def _recipe(published: Published | None = None) -> Recipe:
    return Recipe("tiny.first", Plugin("zoo-test", "test", "zoo-test", "1.0"), {}, published)


PUBLISHED = Published("loss", "test", Decimal("1.0"), Decimal("1.2"), "A book.")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, "test loss is nan"),
        (math.inf, "test loss is inf"),
        (None, "no loss was measured on split test"),
    ],
)
def test_a_metric_that_is_missing_or_no_number_fails(value: float | None, reason: str) -> None:
    metrics = {"test": {} if value is None else {"loss": value}}
    for recipe in (_recipe(PUBLISHED), _recipe()):
        result = compare(recipe, metrics, Objective(), seconds=1.0, seed=3, date=DATE)
        assert (result.verdict, result.reason, result.ours) == ("failed", reason, None)


def test_several_seeds_are_compared_by_their_mean_and_spread() -> None:
    metrics = {seed: {"test": {"loss": loss}} for seed, loss in ((4, 1.0), (2, 1.3), (3, 1.3))}
    result = compare_seeds(_recipe(PUBLISHED), metrics, Objective(), seconds=1.0, date=DATE)
    assert result.measured == pytest.approx(1.2)
    assert (result.ours, result.verdict, result.seed, result.seeds) == (
        1.2,
        "reproduced",
        2,
        (2, 3, 4),
    )
    assert result.spread == pytest.approx(0.3 / math.sqrt(3))
    assert result.measured_in_words() == "1.2 ± 0.17"


def test_a_metric_that_a_seed_lacks_has_no_mean() -> None:
    metrics: dict[int, dict[str, dict[str, float]]] = {0: {"test": {"loss": 1.0}}, 1: {"test": {}}}
    result = compare_seeds(_recipe(PUBLISHED), metrics, Objective(), seconds=1.0, date=DATE)
    assert (result.verdict, result.spread) == ("failed", None)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0412, "0.04"), (0.2, "0.2"), (0.996, "1"), (2.4, "2"), (310.2, "310")]
)
def test_seconds_below_one_have_digits(seconds: float, words: str) -> None:
    metrics = {"test": {"loss": 1.1}}
    result = compare(_recipe(PUBLISHED), metrics, Objective(), seconds=seconds, seed=0, date=DATE)
    assert result.seconds_in_words() == words
    assert f"| reproduced | {words} |\n" in markdown([result])
