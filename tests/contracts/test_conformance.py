"""Every part of every plugin of ours keeps every rule that a third party's must keep."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.contracts.cases import CATALOG, KERNELS, KERNELS_OF_PLUGINS, MODELS, every_model, grouped
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import DatasetSpec, KernelSpec, ModelSpec
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.testing.cases.fresh_process import FreshProcess
from zoo_core.testing.cases.model_case import ModelCase
from zoo_core.testing.cases.model_cases import model_cases, plain_cases
from zoo_core.testing.check import Check, run_check
from zoo_core.testing.checked_part import CheckedPart, Result
from zoo_core.testing.checks import specs
from zoo_core.testing.checks.kernels import (
    CELLS,
    SPEED,
    KernelCase,
    cases_with_model,
    cell_cases,
    kernel_equals,
    kernel_resets,
    speed_cases,
)
from zoo_core.testing.checks.models import CHECKS, PLAIN, SLOW
from zoo_core.testing.checks.sequences import long_sequences
from zoo_core.testing.checks.specs import SpecCase
from zoo_core.testing.suite import Groups, checked_parts, every_check

LONG = {
    f"dataset {name}"
    for name in (
        "cadences",
        "digits",
        "event-majority",
        "event-xor",
        "human-numbers",
        "moving-digits",
        "piano-rolls",
        "prose-or-code",
    )
} | {
    f"recipe {name}"
    for name in (
        "cfc.event-xor",
        "gru-stacked.adding-600",
        "lstm-stacked.adding-600",
        "rnn-stacked.adding-600",
    )
}
"""Parts whose data takes seconds to make."""


def processes_of_datasets() -> dict[Plugin, FreshProcess]:
    """The new process of each plugin with datasets: those of the gate alone share another."""
    plugins = {plugin: False for plugin, _ in CATALOG.of(DatasetSpec)}
    plugins |= {
        plugin: True
        for plugin, spec in CATALOG.of(DatasetSpec)
        if f"dataset {spec.name}" not in LONG
    }
    shared = {
        is_plain: FreshProcess(tuple(plugin for plugin in plugins if plugins[plugin] is is_plain))
        for is_plain in (True, False)
    }
    return {plugin: shared[is_plain] for plugin, is_plain in plugins.items()}


PROCESSES = processes_of_datasets()
PARTS = [
    part
    for plugin in CATALOG.plugins
    for part in checked_parts(CATALOG, plugin, PROCESSES.get(plugin))
]
KINDS = {kind: kind.rstrip("s") for kind in every_check()} | {"specs and configs": "model"}
APART = {check.name for check in (*SLOW, kernel_equals, kernel_resets)}
"""Checks with tests of their own below: they take seconds for one case."""
LEARNING = tuple(check for check in SLOW if check is not long_sequences)
every_slow_check = pytest.mark.parametrize("check", LEARNING, ids=lambda check: check.name)


def process_of(part: CheckedPart) -> str:
    """What the tests of a part share a process with, such as the data of datasets."""
    kind = part.name.partition(" ")[0]
    return f"{kind}s" if kind in ("dataset", "trainer") else part.name


def results_of(part: CheckedPart) -> list[Result]:
    """The results of all checks of a part that have no test of their own."""
    return [part.result(name) for name in part.checks if name not in APART]


def describe_failures(results: list[Result]) -> str:
    """The rule and the four lines of every failure; empty if there is none."""
    failed = [result for result in results if result.verdict == "failed"]
    return "\n".join(f"{result.check}: {result.rule}\n{result.describe()}" for result in failed)


def mark_of(part: CheckedPart) -> list[pytest.MarkDecorator]:
    """The mark of the test of a part, if it takes long."""
    if part.name.startswith("kernel "):  # it runs every model in every setting
        return [pytest.mark.slow]
    return [pytest.mark.gate] if part.name in LONG else []


@pytest.mark.parametrize(
    "part",
    [
        grouped(part, part.name, process_of(part), *mark_of(part))
        for part in PARTS
        if not part.name.startswith("model ")
    ],
)
def test_a_part_of_ours_keeps_the_rules(part: CheckedPart) -> None:
    assert not describe_failures(results_of(part))


@cache
def in_plain_cases(model: ModelSpec) -> CheckedPart:
    """A model with all checks but the slow ones, on small models for every kind of data."""
    spec_case = [SpecCase(model)]
    groups: Groups = [
        (specs.CHECKS + specs.CONFIG_CHECKS, lambda: spec_case),
        ((*CHECKS, *PLAIN), lambda: plain_cases(model)),
    ]
    return CheckedPart(f"model {model.name}", groups)


@pytest.mark.parametrize(
    "model", [grouped(spec, spec.name, f"model {spec.name}") for spec in MODELS]
)
def test_a_model_keeps_the_rules_in_its_plain_cases(model: ModelSpec) -> None:
    assert not describe_failures(list(in_plain_cases(model).results()))


@pytest.mark.gate
@every_model
def test_a_model_keeps_the_rules_in_every_setting(model: ModelSpec) -> None:
    changed = [case for case in model_cases(model) if case not in plain_cases(model)]
    checks = [replace(check, needs=()) for check in CHECKS]
    part = CheckedPart(f"model {model.name}", [(checks, lambda: changed)])
    assert not describe_failures(list(part.results()))


@pytest.mark.gate
@pytest.mark.parametrize("kernel", KERNELS_OF_PLUGINS, ids=lambda spec: spec.name)
def test_a_kernel_keeps_the_rules_with_the_plain_cases_of_every_model(kernel: KernelSpec) -> None:
    plain = [
        KernelCase(kernel, case)
        for model in MODELS
        for case in plain_cases(model)
        if cells_of(case) & set(kernel.cells)
    ]
    by_cell = cell_cases(CATALOG, kernel)  # a cell that a setting chooses is in no plain case
    spec_case = [SpecCase(kernel)]
    groups: Groups = [
        (specs.CHECKS, lambda: spec_case),
        ((kernel_equals, kernel_resets), lambda: [*plain, *by_cell]),
        (CELLS, lambda: by_cell),
        (SPEED, lambda: speed_cases(CATALOG, kernel)),
    ]
    assert not describe_failures(list(CheckedPart(f"kernel {kernel.name}", groups).results()))


def cells_of(case: ModelCase) -> set[str]:
    """The names of the cells of a model."""
    modules = case.build().modules()
    return {module.cell.name for module in modules if isinstance(module, Recurrent)}


@cache
def models_of_different_cells() -> list[ModelSpec]:
    """One model that carries a state for every set of cells."""
    chosen: dict[tuple[str, ...], ModelSpec] = {}
    for spec in MODELS:
        model = plain_cases(spec)[0].build()
        layers = [module for module in model.modules() if isinstance(module, Recurrent)]
        names = tuple(layer.cell.name for layer in layers) or (spec.name,)
        if model.carries_state:
            chosen.setdefault(names, spec)
    return list(chosen.values())


@pytest.mark.gate
@pytest.mark.parametrize("model", MODELS, ids=lambda spec: spec.name)
def test_a_cell_stays_bounded_and_precise_over_a_long_sequence(model: ModelSpec) -> None:
    if model not in models_of_different_cells():
        pytest.skip("another model has this cell, or it carries no state")
    assert run_check(long_sequences, plain_cases(model)[0]) is None


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
    equals, resets = replace(kernel_equals, needs=()), replace(kernel_resets, needs=())
    cases = cases_with_model(kernel, model)
    plain = [case for case in cases if case.model in plain_cases(model)]
    part = CheckedPart(
        f"kernel {kernel.name}", [([equals], lambda: cases), ([resets], lambda: plain)]
    )
    assert not describe_failures(list(part.results()))


@pytest.mark.parametrize("kind", [grouped(kind, kind, kind) for kind in KINDS if kind != "kernels"])
def test_every_check_has_something_of_ours_to_check(kind: str) -> None:
    parts = [part for part in PARTS if part.name.startswith(f"{KINDS[kind]} ")]
    parts.sort(key=lambda part: part.name in LONG)
    if kind == "models":
        parts = [in_plain_cases(model) for model in MODELS]
    for check in every_check()[kind]:
        if check.name not in APART:
            assert any(part.result(check.name).verdict == "ok" for part in parts), check.name
