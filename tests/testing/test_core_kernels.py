"""The core's own kernels keep the rules of a plugin's."""

from __future__ import annotations

import math

import pytest
import torch

from zoo_core import KernelSpec, ModelSpec
from zoo_core.plugins.catalog import Catalog
from zoo_core.testing.cases.model_cases import plain_cases
from zoo_core.testing.check import run_check
from zoo_core.testing.checked_part import CheckedPart
from zoo_core.testing.checks import kernels, specs
from zoo_core.testing.suite import Groups

KERNELS = "zoo_core.runtime.kernels"
FACTORIES = {
    "portable": f"{KERNELS}.portable.kernel:PortableKernel",
    "torch": f"{KERNELS}.torch_layers:TorchKernel",
}
MODELS = ("rnn-stacked", "lstm-stacked", "gru-stacked")


def spec_of(name: str) -> KernelSpec:
    """The spec of a kernel of the core, as a plugin would declare it."""
    return KernelSpec(
        name=name,
        summary="A kernel of the core.",
        factory=FACTORIES[name],
        cells=("rnn-tanh", "rnn-relu", "lstm", "gru"),
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", FACTORIES)
def test_a_kernel_of_the_core_equals_the_reference(catalog: Catalog, name: str, model: str) -> None:
    spec = spec_of(name)
    model_spec = catalog.find(ModelSpec, model).spec
    plain = plain_cases(model_spec)  # the gate has all cases of all models
    cases = [case for case in kernels.cases_with_model(spec, model_spec) if case.model in plain]
    groups: Groups = [
        (specs.CHECKS, lambda: [specs.SpecCase(spec)]),
        (kernels.CHECKS, lambda: cases),
    ]
    result = CheckedPart(f"kernel {name}", groups).result("kernel-equals")
    assert result.verdict == "ok", result.describe()


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_nothing_is_near_an_infinity_or_nan(number: float) -> None:
    finite, other = torch.ones(2), torch.tensor([1.0, number])
    assert kernels.relative_difference(finite, other) == math.inf
    assert kernels.relative_difference(other, finite) == math.inf
    assert kernels.relative_difference(torch.tensor([4.0]), torch.tensor([5.0])) == 0.25


def test_a_kernel_that_multiplies_a_lost_state_by_0_is_found(catalog: Catalog) -> None:
    spec = spec_of("torch").replace(factory="tests.testing.faulty.kernels:Multiplying")
    (case, *_) = plain_cases(catalog.find(ModelSpec, "rnn-stacked").spec)
    violation = run_check(kernels.kernel_resets, kernels.KernelCase(spec, case))
    assert violation is not None
    assert violation.expected.startswith("the same results after a start, whether the state")


@pytest.mark.parametrize("name", FACTORIES)
def test_a_kernel_of_the_core_forgets_a_lost_state(catalog: Catalog, name: str) -> None:
    (case, *_) = plain_cases(catalog.find(ModelSpec, "gru-stacked").spec)
    assert run_check(kernels.kernel_resets, kernels.KernelCase(spec_of(name), case)) is None


@pytest.mark.gate
@pytest.mark.parametrize("name", FACTORIES)
def test_a_kernel_of_the_core_equals_the_reference_over_many_steps(
    catalog: Catalog, name: str
) -> None:
    cases = kernels.cell_cases(catalog, spec_of(name))
    assert len(cases) > 3
    assert [run_check(kernels.kernel_many_steps, case) for case in cases] == [None] * len(cases)
