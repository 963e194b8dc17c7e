"""Every part of every plugin of ours keeps every rule that a third party's must keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.cases import CATALOG, KERNELS, every_model, grouped
from zoo_core.plugins.specs import KernelSpec, ModelSpec
from zoo_core.testing.cases.model_cases import plain_cases
from zoo_core.testing.check import Check, run_check
from zoo_core.testing.checked_part import CheckedPart, Result
from zoo_core.testing.checks.kernels import cases_with_model, kernel_equals
from zoo_core.testing.checks.models import SLOW
from zoo_core.testing.suite import checked_parts, every_check

PARTS = [part for plugin in CATALOG.plugins for part in checked_parts(CATALOG, plugin)]
KINDS = {kind: kind.rstrip("s") for kind in every_check()} | {"specs and configs": "model"}
APART = {check.name for check in (*SLOW, kernel_equals)}
"""Checks with tests of their own below: they take seconds for one case."""
LONG = {
    f"dataset {name}"
    for name in ("addition", "digits", "human-numbers", "moving-digits", "prose-or-code")
}
"""Parts whose data takes seconds to make."""
every_slow_check = pytest.mark.parametrize("check", SLOW, ids=lambda check: check.name)


def process_of(part: CheckedPart) -> str:
    """What the tests of a part share a process with: the data of datasets, the cases of a model."""
    kind = part.name.partition(" ")[0]
    return f"{kind}s" if kind in ("dataset", "trainer") else part.name


def results_of(part: CheckedPart) -> list[Result]:
    """The results of all checks of a part that have no test of their own."""
    return [part.result(name) for name in part.checks if name not in APART]


def describe_failures(results: list[Result]) -> str:
    """The rule and the four lines of every failure; empty if there is none."""
    failed = [result for result in results if result.verdict == "failed"]
    return "\n".join(f"{result.check}: {result.rule}\n{result.describe()}" for result in failed)


@pytest.mark.parametrize(
    "part",
    [
        grouped(part, part.name, process_of(part), *([pytest.mark.gate] * (part.name in LONG)))
        for part in PARTS
    ],
)
def test_a_part_of_ours_keeps_the_rules(part: CheckedPart) -> None:
    assert not describe_failures(results_of(part))


@pytest.mark.gate
@every_slow_check
@every_model
def test_a_plain_model_learns_and_exports(model: ModelSpec, check: Check) -> None:
    case = plain_cases(model)[0]
    if check.name == "exports" and not case.build().exportable:
        pytest.skip("the model says that it cannot be exported")
    assert run_check(check, case) is None


@pytest.mark.slow
@every_slow_check
@every_model
def test_every_plain_model_learns_and_exports(model: ModelSpec, check: Check) -> None:
    part = next(part for part in PARTS if part.name == f"model {model.name}")
    assert not describe_failures([part.result(check.name)])


@pytest.mark.gate
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda spec: spec.name)
@every_model
def test_a_kernel_gives_what_the_reference_gives(model: ModelSpec, kernel: KernelSpec) -> None:
    check = replace(kernel_equals, needs=())
    part = CheckedPart(
        f"kernel {kernel.name}", [([check], lambda: cases_with_model(kernel, model))]
    )
    assert not describe_failures(list(part.results()))


@pytest.mark.parametrize("kind", [grouped(kind, kind, kind) for kind in KINDS if kind != "kernels"])
def test_every_check_has_something_of_ours_to_check(kind: str) -> None:
    parts = [part for part in PARTS if part.name.startswith(f"{KINDS[kind]} ")]
    for check in every_check()[kind]:
        if check.name not in APART:
            assert any(part.result(check.name).verdict == "ok" for part in parts), check.name
