"""Rules that the models of the catalog keep beyond those that every plugin's must."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import pytest
import torch
from torch import Tensor

from tests.contracts.cases import (
    CATALOG,
    KERNELS,
    MODELS,
    SAME_NETWORK,
    all_cases,
    combined_cases,
    every_model,
    failures,
)
from zoo_core.configs.settings import settings_of
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.checkpoints.tensors import to_bytes
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.testing.cases.model_case import ModelCase, compute_logits
from zoo_core.testing.cases.model_cases import plain_cases
from zoo_core.testing.check import DoesNotApply, Violation, run_check
from zoo_core.testing.checks.learning import overfits
from zoo_core.testing.checks.models import CHECKS


def violations(case: ModelCase) -> dict[str, Violation]:
    """What every check of models finds wrong with a case, by the check."""
    violations_of_case = {}
    for check in CHECKS:
        try:
            violation = run_check(check, case)
        except DoesNotApply:
            continue
        if violation:
            violations_of_case[check.name] = violation
    return violations_of_case


@pytest.mark.parametrize(("name", "other"), SAME_NETWORK.items())
def test_models_that_stand_for_each_other_are_the_same_network(name: str, other: str) -> None:
    networks = []
    for spec in (spec for spec in MODELS if spec.name in (name, other)):
        model = plain_cases(spec)[0].build()
        layers = [module for module in model.modules() if isinstance(module, Recurrent)]
        kinds = [type(module) for module in model.modules()]
        networks.append((kinds, [layer.cell.name for layer in layers], model.carries_state))
    first, second = networks
    assert first == second


@pytest.mark.gate
@every_model
def test_settings_that_matter_together_keep_the_rules(model: ModelSpec) -> None:
    assert not failures(combined_cases(model), violations)


@pytest.mark.slow
@every_model
def test_settings_that_matter_together_can_overfit(model: ModelSpec) -> None:
    assert not failures(combined_cases(model), lambda case: run_check(overfits, case))


def drops(case: ModelCase) -> bool:
    """Whether the model drops units in training: between layers, if it has layers."""
    layered = "num_layers" in settings_of(resolve(case.spec.config))
    return "dropout" in case.settings and (not layered or "num_layers" in case.settings)


@every_model
def test_dropout_is_for_training_only(model: ModelSpec) -> None:
    cases = [case for case in all_cases(model) if drops(case)]
    assert bool(cases) == ("dropout" in settings_of(resolve(model.config)))
    for case in cases:
        network, batch = case.build(), case.batch()
        assert torch.equal(compute_logits(network, batch), compute_logits(network, batch)), (
            case.label()
        )
        network.train()
        assert not torch.equal(compute_logits(network, batch), compute_logits(network, batch)), (
            case.label()
        )


@every_model
def test_the_state_dict_is_the_parameters_and_forward_in_training_leaves_it_alone(
    model: ModelSpec,
) -> None:
    for case in all_cases(model):
        network = case.build()
        averages = set[str]()
        if network.needs_whole_batch:  # batch normalization keeps running averages
            averages = {name for name, _ in network.named_buffers()}
        before = to_bytes(without(network.state_dict(), averages))
        trains = "max_norm" not in case.settings  # torch rewrites those embeddings
        compute_logits(network.train(trains), case.batch())
        assert to_bytes(without(network.state_dict(), averages)) == before, case.label()
        named = network.named_parameters(remove_duplicate=False)  # a tied weight has two names
        assert set(network.state_dict()) - averages == {name for name, _ in named}, case.label()


def without(tensors: Mapping[str, Tensor], names: set[str]) -> dict[str, Tensor]:
    """The tensors of other names."""
    return {name: tensor for name, tensor in tensors.items() if name not in names}


def run_by(backend: str, case: ModelCase) -> AbstractModel:
    """The case's model, its recurrence run by a backend."""
    model = case.build()
    for layer in model.modules():
        if isinstance(layer, Recurrent):
            layer.kernels = tuple(kernels(CATALOG, backend))
    return model


@every_model
@pytest.mark.parametrize("backend", [spec.name for spec in KERNELS])
def test_a_copy_is_independent_of_the_model(model: ModelSpec, backend: str) -> None:
    for case in plain_cases(model):
        network, batch = run_by(backend, case), case.batch()
        expected, copy = compute_logits(network, batch), deepcopy(network)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        assert torch.equal(compute_logits(copy, batch), expected), case.label()
