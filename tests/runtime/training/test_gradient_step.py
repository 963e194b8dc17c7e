"""The norm of the gradients and the optimizer's step are torch's, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim import SGD, Adam, AdamW, Optimizer

from zoo_core.runtime.training.gradient_step import OptimizerStep, total_norm

SHAPES = ((3, 4), (5,), ())


def numbers(seed: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Tensors of the shapes, the same each time."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator).to(dtype) for shape in SHAPES]


def steps_of(optimizer: Optimizer, *, direct: bool, without: int | None = None) -> list[Tensor]:
    """Takes three steps; returns the parameters and what the optimizer keeps of them.

    Args:
        optimizer: The optimizer.
        direct: Whether the steps are ours.
        without: The step, from 0, in which the first parameter has no gradient.
    """
    step = OptimizerStep(optimizer) if direct else optimizer.step
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for seed in range(3):
        for parameter, gradient in zip(parameters, numbers(seed + 1), strict=True):
            parameter.grad = gradient
        if seed == without:
            parameters[0].grad = None
        optimizer.param_groups[0]["lr"] = 0.1 / (seed + 1)  # as a schedule does
        step()
    kept = [tensor for p in parameters for tensor in optimizer.state[p].values()]
    return [*parameters, *(tensor for tensor in kept if tensor is not None)]


@pytest.mark.parametrize("without", [None, 0, 2])
@pytest.mark.parametrize(
    ("cls", "settings"),
    [
        (Adam, {"fused": True}),
        (Adam, {"fused": True, "weight_decay": 0.1}),
        (Adam, {"fused": True, "amsgrad": True}),
        (Adam, {"foreach": True}),
        (AdamW, {"fused": True, "weight_decay": 0.1}),
        (SGD, {"fused": True}),
    ],
)
def test_a_step_is_the_optimizers(
    cls: type[Any], settings: dict[str, Any], without: int | None
) -> None:
    first, second = (
        cls([nn.Parameter(tensor) for tensor in numbers(0)], lr=0.1, **settings) for _ in range(2)
    )
    expected = steps_of(first, direct=False, without=without)
    actual = steps_of(second, direct=True, without=without)
    assert len(actual) == len(expected)
    assert all(torch.equal(*pair) for pair in zip(actual, expected, strict=True))


def test_groups_keep_their_own_settings() -> None:
    def groups() -> list[dict[str, Any]]:
        one, two, three = (nn.Parameter(tensor) for tensor in numbers(0))
        return [{"params": [one]}, {"params": [two, three], "lr": 0.5, "betas": (0.5, 0.9)}]

    first, second = (Adam(groups(), lr=0.1, fused=True) for _ in range(2))
    expected, actual = steps_of(first, direct=False), steps_of(second, direct=True)
    assert all(torch.equal(*pair) for pair in zip(actual, expected, strict=True))


def test_a_hook_of_the_optimizer_is_called() -> None:
    optimizer = Adam([nn.Parameter(tensor) for tensor in numbers(0)], lr=0.1, fused=True)
    steps_of(optimizer, direct=True)
    called: list[int] = []
    optimizer.register_step_post_hook(lambda *_: called.append(1))
    steps_of(optimizer, direct=True)
    assert called == [1, 1, 1]


@pytest.mark.parametrize("dtypes", [("float32",), ("float64",), ("float32", "float64")], ids=str)
def test_the_norm_is_torchs(dtypes: tuple[str, ...]) -> None:
    gradients = [
        tensor
        for seed, dtype in enumerate(dtypes)
        for tensor in numbers(seed, getattr(torch, dtype))
    ]
    assert torch.equal(total_norm(gradients), get_total_norm(gradients))


def test_the_norm_of_no_gradients_is_zero() -> None:
    assert total_norm([]).item() == 0
