"""Run configs: to JSON and back, and values of the wrong type."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from zoo_core.errors import IntegrityError
from zoo_core.run_folder.run_config import RunConfig

RUN_CONFIG = RunConfig(
    model="tiny",
    dataset="alpha",
    trainer="plain",
    plugins={"model": "little", "dataset": "zoo-text", "trainer": "zoo-train"},
    configs={"model": {"width": 8, "limit": None}, "dataset": {"path": "a"}, "trainer": {}},
    recipe="tiny.first",
    seed=7,
    budget=1.5,
)
WRONG: list[tuple[str, object]] = [
    ("model", None),
    ("model", 3),
    ("plugins", []),
    ("configs", None),
    ("seed", "7"),
    ("seed", 7.0),
    ("seed", True),
    ("threads", None),
    ("budget", "60s"),
    ("source", None),
    ("unknown", "drop"),
    ("token_budget", 1.5),
]


def _through_json(values: object) -> Any:
    return json.loads(json.dumps(values))


def test_a_run_config_is_read_back_from_json() -> None:
    assert RunConfig.from_json(_through_json(RUN_CONFIG.to_json())) == RUN_CONFIG


def test_a_whole_number_of_seconds_is_read_back_from_json() -> None:
    run_config = replace(RUN_CONFIG, budget=60)
    assert RunConfig.from_json(_through_json(run_config.to_json())) == run_config


def test_a_later_field_is_in_the_file_only_if_it_is_used() -> None:
    assert "token_budget" not in RUN_CONFIG.to_json()
    run_config = replace(RUN_CONFIG, token_budget=1000)
    assert RunConfig.from_json(_through_json(run_config.to_json())) == run_config


def test_other_keys_are_ignored() -> None:
    assert RunConfig.from_json(RUN_CONFIG.to_json() | {"epochs": 3}) == RUN_CONFIG


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_field_of_the_wrong_type_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(IntegrityError, match=f"^{key} = "):
        RunConfig.from_json(RUN_CONFIG.to_json() | {key: value})


@pytest.mark.parametrize("key", RUN_CONFIG.to_json())
def test_a_missing_field_is_refused_by_name(key: str) -> None:
    values = RUN_CONFIG.to_json()
    del values[key]
    with pytest.raises(IntegrityError, match=f"^{key} is missing: expected "):
        RunConfig.from_json(values)


@pytest.mark.parametrize(
    ("section", "name"),
    [("model", "little:tiny"), ("dataset", "zoo-text:alpha"), ("trainer", "zoo-train:plain")],
)
def test_a_part_is_named_with_its_plugin(section: str, name: str) -> None:
    assert RUN_CONFIG.name(section) == name


def test_an_older_run_config_refuses_unknown_symbols() -> None:
    values = RUN_CONFIG.to_json()
    assert "unknown" not in values
    assert RunConfig.from_json(values).unknown == "error"


def test_a_policy_for_unknown_symbols_is_read_back_from_json() -> None:
    run_config = replace(RUN_CONFIG, unknown="replace=?")
    assert RunConfig.from_json(_through_json(run_config.to_json())) == run_config


def test_changes_name_what_decides_the_result() -> None:
    configs = RUN_CONFIG.configs | {"model": {"width": 8, "limit": 3}, "trainer": {"rate": 1}}
    other = replace(RUN_CONFIG, trainer="fancy", configs=configs, seed=8, threads=2)
    assert other.changes_since(RUN_CONFIG) == [
        "model.limit = 3 (was none)",
        "trainer = zoo-train:fancy (was zoo-train:plain)",
        "seed = 8 (was 7)",
    ]
    assert RUN_CONFIG.changes_since(RUN_CONFIG) == []


def test_a_blank_at_the_end_of_a_changed_value_is_quoted() -> None:
    other = replace(RUN_CONFIG, unknown="replace= ")
    assert other.changes_since(RUN_CONFIG) == ["unknown = 'replace= ' (was error)"]


def test_a_setting_that_an_older_zoo_lacked_is_no_change() -> None:
    older = replace(RUN_CONFIG, configs=RUN_CONFIG.configs | {"model": {"width": 8}})
    newer = replace(RUN_CONFIG, configs=RUN_CONFIG.configs | {"model": {"width": 8, "limit": 3}})
    assert newer.changes_since(older) == []


def test_a_fifth_of_a_budget_is_left_for_the_evaluation() -> None:
    assert replace(RUN_CONFIG, budget=60.0).training_seconds == 48.0
