"""Every part of every plugin of ours keeps every rule that a third party's must."""

from __future__ import annotations

import pytest

from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import KernelSpec
from zoo_core.testing.battery import every_check, subjects
from zoo_core.testing.trial import Trial

CATALOG = load_catalog()
TRIALS = [
    Trial(subject, check)
    for plugin in CATALOG.plugins
    for subject in subjects(CATALOG, plugin)
    for check in subject.checks
]
NAMES = [
    each.name
    for kind, checks in every_check().items()
    for each in checks
    if kind != "kernels" or CATALOG.of(KernelSpec)
]


@pytest.mark.parametrize("trial", TRIALS, ids=Trial.label)
def test_a_part_of_ours_keeps_the_rule(trial: Trial) -> None:
    result = trial.result()
    assert result.verdict != "failed", f"{result.rule}\n{result.in_words()}"


@pytest.mark.parametrize("name", NAMES)
def test_every_check_has_something_of_ours_to_say_of(name: str) -> None:
    assert any(each.result().verdict == "ok" for each in TRIALS if each.check == name)
