"""The native kernel computes the same whatever torch's default device is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
import torch
from torch import Tensor

from tests.plugins.kernels import test_native_class_loss as losses
from tests.plugins.kernels import test_native_scan as scans
from tests.plugins.kernels.test_native import built
from tests.plugins.kernels.test_native_small_step import OPTIMIZERS, make_step, takes_whole_steps
from tests.plugins.kernels.test_native_text import MODELS
from tests.runtime.building.sharpened import sharpened
from tests.runtime.training.small_steps import batches
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.training.class_loss import CrossEntropy
from zoo_core.runtime.training.step import StepResult
from zoo_kernels.kernel import NativeKernel

pytestmark = built
T = TypeVar("T")


def elsewhere(task: Callable[[], T]) -> T:
    """The result of a task while new tensors have no memory unless they name the CPU."""
    torch.set_default_device("meta")
    try:
        return task()
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_texts_of_several_lengths(make: Callable[[], RecurrentModel]) -> None:
    model = sharpened(make)
    starts, prompts = [model.initial_state(1)] * 3, [torch.tensor([1, 2])] * 3

    def texts() -> list[list[int]] | None:
        samplers = [Sampler(temperature=0) for _ in prompts]  # the others draw on that device
        return NativeKernel().generate_rows(model, starts, prompts, samplers, [5, 20, 1])

    expected = texts()
    assert expected is not None
    assert elsewhere(texts) == expected


def test_a_recurrence_and_its_gradients() -> None:
    model = sharpened(MODELS["lstm"])
    model.recurrent.kernels = (NativeKernel(),)
    inputs, state = torch.randn(2, 4, 5, dtype=torch.float64), model.initial_state(2)

    def gradients() -> tuple[Tensor, ...]:
        outputs, _ = model.recurrent(inputs, state)
        return torch.autograd.grad(outputs.square().sum(), list(model.recurrent.parameters()))

    torch.testing.assert_close(elsewhere(gradients), gradients(), rtol=0, atol=0)


def test_a_linear_recurrence_and_its_gradients() -> None:
    example, scan = scans.case((3, 5, 7), torch.float64, marked=True), scans.native()

    def gradients() -> tuple[Tensor, ...]:
        states = scan(*example[:3], **example.marks)
        return torch.autograd.grad(states.square().sum(), example[:3])

    torch.testing.assert_close(elsewhere(gradients), gradients(), rtol=0, atol=0)


def test_a_loss_and_its_gradient() -> None:
    logits, targets = losses.batch(9, 5, torch.float32)
    kernel = NativeKernel()

    def numbers() -> list[Tensor]:
        return losses.results(CrossEntropy(), logits, targets, kernel)[1]

    torch.testing.assert_close(elsewhere(numbers), numbers(), rtol=0, atol=0)


def test_a_whole_step(catalog: Catalog) -> None:
    (batch, *_) = batches(3, 4)

    def logits(run: Callable[[Callable[[], StepResult]], StepResult]) -> Tensor:
        step = make_step(catalog, "lstm-embed", **OPTIMIZERS["sgd"])
        step(batch, None, 0)
        assert takes_whole_steps(step)
        result = run(lambda: step(batch, None, 1))
        assert takes_whole_steps(step)
        return result.output.logits

    torch.testing.assert_close(logits(elsewhere), logits(lambda task: task()), rtol=0, atol=0)
