"""The objective decides which of two values is better."""

from __future__ import annotations

import math

import pytest

from zoo_core.run_folder.objective import Objective


@pytest.mark.parametrize("other", [None, math.nan])
def test_every_number_is_better_than_none_and_nan(other: float | None) -> None:
    for metric in ("loss", "accuracy"):
        assert Objective(metric).is_better(1.0, other)
        assert not Objective(metric).is_better(math.nan, other)


def test_the_direction_of_a_metric_decides() -> None:
    objective = Objective()
    assert objective.is_better(1.0, 2.0)
    assert objective.is_better(0.9, 0.8, "accuracy")
    assert objective.is_better(1.0, 2.0, "unheard of")


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_an_equal_value_is_not_better(metric: str) -> None:
    assert not Objective(metric).is_better(0.5, 0.5)
