"""Names of run folders."""

from __future__ import annotations

from typing import Any

import pytest

from zoo_core.sweeps.names import MAX_NAME, run_name

TABLES: dict[str, dict[str, Any]] = {
    "model": {"hidden_size": 4, "dropout": 0.0},
    "dataset": {"path": None, "seed": 0},
    "trainer": {"learning_rate": 0.1, "dropout": 0.0},
}


@pytest.mark.parametrize(
    ("label", "settings", "expected"),
    [
        ("", {}, "seed=0"),
        ("", {"model.hidden_size": 128}, "seed=0,hidden-size=128"),
        ("model=gru-embed", {}, "seed=0,model=gru-embed"),
        ("", {"trainer.learning_rate": 1e-05}, "seed=0,learning-rate=1e-05"),
        ("", {"model.dropout": 0.5}, "seed=0,model.dropout=0.5"),
        ("", {"dataset.seed": 3}, "seed=0,dataset.seed=3"),
        ("", {"dataset.path": None}, "seed=0,path=none"),
        ("", {"dataset.path": "/a/b.txt"}, "seed=0,path=b.txt-3af167d3"),
        ("model=a b", {}, "seed=0,model_a_b-45f8f4a8"),
    ],
)
def test_a_name_shows_the_seed_and_what_varies(
    label: str, settings: dict[str, Any], expected: str
) -> None:
    assert run_name(0, label, settings, TABLES) == expected


def test_values_that_a_file_system_may_not_take_stay_apart() -> None:
    values = ["a b", "a_b", "a:b", "../../x", "x", "y/x", "é", "a,b", "x" * 200, "x" * 201]
    names = [run_name(0, "", {"dataset.path": value}, TABLES) for value in values]
    assert len(set(names)) == len(values)
    for name in names:
        assert name.removeprefix("seed=0,path=").isascii()
        assert not set(name.removeprefix("seed=0,path=")) & set("/\\:, ")
        assert len(name) <= MAX_NAME


def test_a_long_name_is_shortened_and_stays_unique() -> None:
    long = {f"model.setting_{index}": "x" * 30 for index in range(9)}
    first = run_name(0, "", long, TABLES)
    second = run_name(0, "", long | {"model.setting_8": "y"}, TABLES)
    assert len(first) == len(second) == MAX_NAME
    assert first != second


def test_the_longest_name_is_not_shortened() -> None:
    longest = MAX_NAME - len("seed=0,")
    assert run_name(0, "x" * longest, {}, TABLES) == f"seed=0,{'x' * longest}"
    assert run_name(0, "x" * (longest + 1), {}, TABLES).startswith("seed=0,xxx")
    assert len(run_name(0, "x" * (longest + 1), {}, TABLES)) == MAX_NAME
