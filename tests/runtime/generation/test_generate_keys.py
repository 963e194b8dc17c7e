"""Generating music step by step: each key drawn by itself, with the state carried."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch

from zoo_core import Features, Keys, Signature
from zoo_core.errors import IntegrityError, MisfitError
from zoo_core.runtime.generation.generate import generate_keys
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn import AbstractModel, Batch
from zoo_gru.configs import GruStackedConfig
from zoo_gru.models import gru_stacked

N = 5
SIGNATURE = Signature(inputs=Features(N), outputs=Keys(N, per="step", next_token=True))
PROMPT = Batch(torch.tensor([[[1.0, 0, 0, 1, 0], [0, 0, 1, 0, 0]]]))


def model_of(config: GruStackedConfig, signature: Signature = SIGNATURE) -> AbstractModel:
    """An untrained model whose probabilities are far from a half."""
    torch.manual_seed(0)
    model = gru_stacked(config, signature).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return model


@pytest.fixture
def model() -> AbstractModel:
    return model_of(GruStackedConfig(hidden_size=6, num_layers=2))


def test_each_step_is_drawn_from_the_whole_past(model: AbstractModel) -> None:
    steps = list(islice(generate_keys(model, PROMPT, Sampler(seed=3)), 20))
    assert len({tuple(step) for step in steps}) > 3
    sampler, roll = Sampler(seed=3), PROMPT.inputs
    for step in steps:
        with torch.no_grad():
            logits = model(Batch(roll)).logits[0, -1]
        assert sampler.draw_keys(logits) == step
        following = torch.zeros(1, 1, N)
        following[0, 0, step] = 1
        roll = torch.cat([roll, following], dim=1)


def test_the_seed_alone_decides_the_steps(model: AbstractModel) -> None:
    first, again, other = (
        list(islice(generate_keys(model, PROMPT, Sampler(seed=seed)), 20)) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_without_temperature_the_likely_keys_sound(model: AbstractModel) -> None:
    (step,) = islice(generate_keys(model, PROMPT, Sampler(temperature=0.0)), 1)
    with torch.no_grad():
        logits = model(PROMPT).logits[0, -1]
    assert step == [key for key in range(N) if logits[key] > 0]


def test_keys_are_as_frequent_as_their_probabilities() -> None:
    sampler, logits = Sampler(temperature=2.0, seed=1), torch.tensor([-4.0, -1.0, 0.0, 1.0, 9.0])
    counts = torch.zeros(5)
    for _ in range(1000):
        counts[sampler.draw_keys(logits)] += 1
    assert torch.allclose(counts / 1000, (logits / 2).sigmoid(), atol=0.05)


def test_logits_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(IntegrityError, match="not finite"):
        Sampler().draw_keys(torch.tensor([0.0, torch.nan]))


@pytest.mark.parametrize(
    "outputs", [Keys(N), Keys(N, per="step"), Keys(N + 1, per="step", next_token=True)]
)
def test_other_outputs_than_the_next_keys_are_refused(outputs: Keys) -> None:
    model = model_of(GruStackedConfig(hidden_size=4), replace(SIGNATURE, outputs=outputs))
    with pytest.raises(MisfitError, match="does not predict the keys of the next step"):
        next(generate_keys(model, PROMPT, Sampler()))


def test_a_model_that_sees_the_future_is_refused() -> None:
    model = model_of(GruStackedConfig(hidden_size=4, bidirectional=True))
    with pytest.raises(MisfitError, match="does not predict the keys of the next step"):
        next(generate_keys(model, PROMPT, Sampler()))
