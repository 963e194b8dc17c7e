"""Rules that the models of the catalog keep beyond those that every plugin's must."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy

import pytest
import torch

from tests.contracts.cases import BACKENDS, CASES, COMBINED, SPECS, label
from zoo_core.configs.settings import settings_of
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.checkpoints.tensors import to_bytes
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.testing import learning
from zoo_core.testing.check import Check, DoesNotApply, look
from zoo_core.testing.model_case import EXACT, ModelCase, answer, learn
from zoo_core.testing.model_cases import plain_cases
from zoo_core.testing.models import CHECKS

every_case = pytest.mark.parametrize("case", CASES, ids=label)
every_combination = pytest.mark.parametrize("case", COMBINED, ids=label)


def drops(case: ModelCase) -> bool:
    """Whether something is dropped in training: between layers, where there are layers."""
    layered = "num_layers" in settings_of(resolve(case.spec.config))
    return "dropout" in case.settings and (not layered or "num_layers" in case.settings)


@every_combination
@pytest.mark.parametrize("rule", [*CHECKS, *learning.SLOW], ids=lambda rule: rule.name)
def test_settings_that_matter_together_keep_the_rules(case: ModelCase, rule: Check) -> None:
    with suppress(DoesNotApply):
        assert look(rule, case) is None


@pytest.mark.parametrize("case", [case for case in CASES if drops(case)], ids=label)
def test_dropout_is_of_training_alone(case: ModelCase) -> None:
    model, batch = case.build(), case.batch()
    assert torch.equal(answer(model, batch), answer(model, batch))
    model.train()
    assert not torch.equal(answer(model, batch), answer(model, batch))


@every_case
def test_the_state_dict_is_the_parameters_and_training_without_a_step_leaves_it_alone(
    case: ModelCase,
) -> None:
    model = case.build()
    before = to_bytes(model.state_dict())
    answer(model.train("max_norm" not in case.settings), case.batch())  # torch rewrites those
    assert to_bytes(model.state_dict()) == before
    assert set(model.state_dict()) == {name for name, _ in model.named_parameters()}


def run_by(backend: str, case: ModelCase) -> AbstractModel:
    """The case's model, its recurrence run by a backend."""
    model = case.build()
    for layer in model.modules():
        if isinstance(layer, Recurrent):
            layer.kernels = tuple(kernels(load_catalog(), backend))
    return model


@pytest.mark.parametrize("case", [case for spec in SPECS for case in plain_cases(spec)], ids=label)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_copy_is_a_model_of_its_own(case: ModelCase, backend: str) -> None:
    model, batch = run_by(backend, case), case.batch()
    expected, copy = answer(model, batch), deepcopy(model)
    with torch.no_grad():
        for each in model.parameters():
            each.zero_()
    assert torch.equal(answer(copy, batch), expected)


@every_case
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_gives_the_same(case: ModelCase, backend: str) -> None:
    answers = []
    for name in ("reference", backend):
        model = run_by(name, case)
        loss = torch.tensor(learn(model, case.batch()), dtype=torch.float64)
        answers.append((loss, [each.grad for each in model.parameters()]))
    torch.testing.assert_close(answers[1], answers[0], rtol=0, atol=EXACT)
