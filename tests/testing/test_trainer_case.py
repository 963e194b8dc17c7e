"""Trainers of targets of their own form are checked with data of their plugin."""

from __future__ import annotations

import pytest

from tests.testing.examples import FAULTY
from zoo_core import TrainerSpec
from zoo_core.plugins.catalog import load_catalog
from zoo_core.testing.cases.trainer_case import TrainerCase, trainer_cases
from zoo_core.testing.check import DoesNotApply, run_check
from zoo_core.testing.checks.objective import ignored_targets, objective


def only_case(trainer: str) -> TrainerCase:
    """The case of a trainer of the faulty plugin."""
    catalog = load_catalog([FAULTY])
    (case,) = trainer_cases(catalog, catalog.find(TrainerSpec, trainer))
    return case


def test_targets_in_a_dict_come_from_the_dataset_that_names_the_trainer() -> None:
    case = only_case("dict-trainer")
    assert case.label() == "dataset=dict-data, B=4, epochs=2"
    assert run_check(objective, case) is None


def test_a_wrong_objective_of_targets_in_a_dict_is_found() -> None:
    violation = run_check(objective, only_case("misspelt-trainer"))
    assert violation is not None
    assert violation.seen == "KeyError: 'leters'"


def test_no_target_is_ignored_in_a_form_that_only_the_trainer_knows() -> None:
    with pytest.raises(DoesNotApply, match="of a trainer's own form"):
        run_check(ignored_targets, only_case("dict-trainer"))


def test_without_such_a_dataset_the_reason_names_what_is_missing() -> None:
    with pytest.raises(
        DoesNotApply, match=r"no dataset of zoo-faulty has default_trainer 'lonely-trainer'"
    ):
        run_check(objective, only_case("lonely-trainer"))
