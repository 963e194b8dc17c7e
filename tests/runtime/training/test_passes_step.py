"""Whole training steps without autograd, against the ordinary step: the same bits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.runtime.training.small_steps import MODELS, batches, small_step_of
from zoo_core.errors import DivergedError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.nn.batch import IGNORED, Batch
from zoo_core.runtime.nn.state import detach
from zoo_core.runtime.training.step import TrainStep

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "Adam", "clip_norm": 0.1, "schedule": "CosineAnnealingLR"},
    "adamw": {"optimizer": "AdamW", "weight_decay": 0.1, "clip_norm": None},
    "sgd": {"optimizer": "SGD", "clip_norm": 1e-3, "schedule": "LinearLR"},
    "momentum": {"optimizer": "SGD", "momentum": 0.9, "weight_decay": 0.01},
}


def make_step(
    catalog: Catalog, name: str = "lstm-embed", dtype: torch.dtype = torch.float32, **settings: Any
) -> TrainStep:
    """Makes a step by the portable kernel, none of them in NumPy."""
    step = small_step_of(catalog, name, backend="portable", dtype=dtype, **settings)
    step._may_use_numpy = False
    return step


def train(step: TrainStep, data: list[Batch]) -> list[Tensor]:
    """Trains on batches, each from the state after the one before; returns all that it gives."""
    numbers: list[Tensor] = []
    state = None
    for number, batch in enumerate(data):
        result = step(batch, state, number)
        state = detach(result.output.state)
        assert state is not None
        numbers += [result.loss, result.gradient_norm, *result.sums.values()]
        numbers += [result.output.logits, *state[0]]
    parameters = list(step.model.parameters())
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return [*numbers, *parameters, *gradients, *step.capture()[0].values()]


def check_is_the_ordinary_step(
    catalog: Catalog, name: str, data: list[Batch], **settings: Any
) -> None:
    """Checks that losses, sums, states, gradients, weights and optimizer are the same bits."""
    expected = train(make_step(catalog, name, whole=False, **settings), data)
    step = make_step(catalog, name, **settings)
    actual = train(step, data)
    assert step._whole is not None
    assert len(actual) == len(expected)
    assert all(torch.equal(*pair) for pair in zip(actual, expected, strict=True))


@pytest.mark.parametrize("rows_and_steps", [(1, 1), (1, 5), (20, 3)])
@pytest.mark.parametrize("name", MODELS)
def test_a_whole_step_is_the_ordinary_one(
    catalog: Catalog, name: str, rows_and_steps: tuple[int, int]
) -> None:
    check_is_the_ordinary_step(catalog, name, batches(*rows_and_steps))


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("name", ["lstm-embed", "gru-stacked"])
def test_the_optimizer_and_the_clipping_are_the_ordinary_ones(
    catalog: Catalog, name: str, settings: dict[str, Any]
) -> None:
    check_is_the_ordinary_step(catalog, name, batches(2, 5), **settings)


@pytest.mark.parametrize("name", ["lstm-embed", "gru-stacked"])
def test_a_whole_step_in_double_precision_and_without_biases(catalog: Catalog, name: str) -> None:
    data = batches(3, 4)
    check_is_the_ordinary_step(catalog, name, data, dtype=torch.float64, model={"bias": False})


def test_logits_that_are_computed_time_major(catalog: Catalog) -> None:
    check_is_the_ordinary_step(catalog, "lstm-embed", batches(64, 32), model={"hidden_size": 64})


@pytest.mark.parametrize(
    ("model", "trainer"),
    [
        ({"num_layers": 2}, {}),
        ({"output_dropout": 0.5}, {}),
        ({"activation_penalty": 0.5}, {}),
        ({"max_norm": 1.0}, {}),
        ({"tie_weights": True, "embedding_size": 9}, {}),
        ({}, {"optimizer": "RMSprop"}),
        ({}, {"accumulate": 2}),
        ({}, {"checkpoint_steps": 2}),
        ({}, {"label_smoothing": 0.1}),
        ({}, {"class_weights": "1 2 3 4 5 6 7"}),
    ],
    ids=str,
)
def test_everything_else_takes_ordinary_steps(
    catalog: Catalog, model: dict[str, Any], trainer: dict[str, Any]
) -> None:
    step = make_step(catalog, model=model, **trainer)
    train(step, batches(2, 3))
    assert step._whole is None


def test_rows_of_different_lengths_take_an_ordinary_step(catalog: Catalog) -> None:
    data = [batch._replace(lengths=torch.tensor([4, 2])) for batch in batches(2, 4)]
    for batch in data:
        batch.targets[1, 2:] = IGNORED
    check_is_the_ordinary_step(catalog, "gru-embed", data)


def test_a_step_that_diverges_leaves_the_weights_as_they_are(catalog: Catalog) -> None:
    step = make_step(catalog)
    train(step, batches(2, 3))
    assert step._whole is not None
    with torch.no_grad():
        step.model.get_parameter("output.bias")[0] = torch.inf
    before = [parameter.clone() for parameter in step.model.parameters()]
    with pytest.raises(DivergedError, match="loss nan"):
        step(batches(2, 3)[0], None)
    assert all(torch.equal(*pair) for pair in zip(step.model.parameters(), before, strict=True))


def test_a_hook_that_comes_later_is_called(catalog: Catalog) -> None:
    step = make_step(catalog)
    train(step, batches(2, 3))
    called = []
    step.model.register_forward_hook(lambda *_: called.append(1))
    step(batches(2, 3)[0], None)
    assert called == [1]


def test_in_bfloat16_no_step_is_whole(catalog: Catalog) -> None:
    step = make_step(catalog, precision="bf16")
    train(step, batches(2, 6))
    assert step._whole is None
