"""Optimizers and schedules: their state is saved as tensors and JSON, and restored bit for bit."""

from __future__ import annotations

import json
from typing import Any, cast, get_args, get_type_hints

import pytest
import torch
from safetensors.torch import load
from torch import Tensor, nn

from zoo_core import AbstractTrainerConfig
from zoo_core.errors import MisfitError
from zoo_core.runtime.checkpoints.tensors import to_bytes
from zoo_core.runtime.training.optimization import flatten, make_optimizer, make_schedule, unflatten
from zoo_train.configs import SupervisedConfig

HINTS = get_type_hints(AbstractTrainerConfig)
OPTIMIZERS: list[dict[str, Any]] = [
    *({"optimizer": name} for name in get_args(HINTS["optimizer"])),
    {"optimizer": "SGD", "momentum": 0.9},
    {"optimizer": "RMSprop", "momentum": 0.5},
    {"optimizer": "AdamW", "weight_decay": 0.1},
]
SCHEDULES = [None, *get_args(get_args(HINTS["schedule"])[0])]
STEPS = 12


class Training:
    """A small layer under training, one step after the other."""

    def __init__(self, config: AbstractTrainerConfig) -> None:
        torch.manual_seed(0)
        self.layer = nn.Embedding(5, 3)
        self.optimizer = make_optimizer(config, [{"params": list(self.layer.parameters())}])
        self.schedule = make_schedule(config, self.optimizer, STEPS)

    def step(self, number: int) -> None:
        """One step, on data that depends on its number alone."""
        self.optimizer.zero_grad()
        torch.autograd.backward(self.layer(torch.tensor([number % 5, 1])).sin().pow(2).sum())
        self.optimizer.step()
        if self.schedule:
            self.schedule.step()

    def save(self) -> tuple[bytes, bytes, str]:
        """Returns the saved state, as tensors and JSON."""
        tensors, groups = flatten(self.optimizer.state_dict())
        values = [groups, self.schedule.state_dict() if self.schedule else None]
        return to_bytes(self.layer.state_dict()), to_bytes(tensors), json.dumps(values)

    def load(self, saved: tuple[bytes, bytes, str]) -> None:
        """Restores a saved state."""
        weights, tensors = (load(data) for data in saved[:2])
        groups, schedule = json.loads(saved[2])
        self.layer.load_state_dict(weights)
        self.optimizer.load_state_dict(unflatten(tensors, groups))
        if self.schedule:
            self.schedule.load_state_dict(schedule)


def describe(chosen: dict[str, Any]) -> str:
    """Returns the values of an optimizer's settings, for the name of a test."""
    return "-".join(map(str, chosen.values()))


@pytest.mark.parametrize("warm_up", [0, 4])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize(
    "chosen", OPTIMIZERS, ids=lambda values: "-".join(map(str, values.values()))
)
@pytest.mark.parametrize("at", [0, 5])
def test_training_resumes_from_disk_bit_for_bit(
    chosen: dict[str, Any], schedule: str | None, warm_up: int, at: int
) -> None:
    warm_up = 0 if schedule == "OneCycleLR" else warm_up
    settings = {"schedule": cast(Any, schedule), "warm_up": warm_up}
    config = SupervisedConfig(learning_rate=0.05, **settings, **chosen)
    whole, other = Training(config), Training(config)
    for number in range(at):
        whole.step(number)
    other.load(whole.save())
    for number in range(at, STEPS - 1):
        whole.step(number)
        other.step(number)
    assert other.save() == whole.save()


@pytest.mark.parametrize(
    "chosen", OPTIMIZERS, ids=lambda values: "-".join(map(str, values.values()))
)
def test_every_optimizer_gets_what_the_config_says(chosen: dict[str, Any]) -> None:
    optimizer = Training(SupervisedConfig(learning_rate=0.05, **chosen)).optimizer
    group = optimizer.param_groups[0]
    expected = {"lr": 0.05} | {k: value for k, value in chosen.items() if k != "optimizer"}
    assert type(optimizer).__name__ == chosen["optimizer"]
    assert {key: group[key] for key in expected} == expected


def rates(schedule: str | None, warm_up: int = 0) -> list[float]:
    """The learning rate of every step."""
    settings = {"schedule": cast(Any, schedule), "warm_up": warm_up}
    training = Training(SupervisedConfig(learning_rate=0.1, **settings))
    learning_rates = []
    for number in range(STEPS):
        learning_rates.append(float(training.optimizer.param_groups[0]["lr"]))
        training.step(number)
    return learning_rates


def test_without_a_schedule_the_rate_stays() -> None:
    assert rates(None) == [0.1] * STEPS


@pytest.mark.parametrize("schedule", ["CosineAnnealingLR", "LinearLR"])
def test_cosine_and_linear_fall_from_the_rate_to_almost_nothing(schedule: str) -> None:
    learning_rates = rates(schedule)
    assert learning_rates[0] == 0.1
    assert learning_rates == sorted(learning_rates, reverse=True)
    assert 0 < learning_rates[-1] < 0.02


def test_one_cycle_rises_to_the_rate_and_falls_below_its_start() -> None:
    learning_rates = rates("OneCycleLR")
    assert max(learning_rates) == pytest.approx(0.1, rel=0.01)
    assert learning_rates.index(max(learning_rates)) not in (0, STEPS - 1)
    assert learning_rates[-1] < learning_rates[0]


def exponential_rates(epochs: int, steps: int, **settings: Any) -> list[float]:
    """The learning rate of every step of a run with ExponentialLR."""
    config = SupervisedConfig(
        learning_rate=0.1, schedule="ExponentialLR", epochs=epochs, decay=0.5, **settings
    )
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = make_schedule(config, optimizer, steps)
    assert schedule is not None
    learning_rates = []
    for _ in range(steps):
        learning_rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return learning_rates


def test_exponential_decays_once_an_epoch_as_torchs_does() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    expected = []
    for _ in range(4):
        expected += [float(optimizer.param_groups[0]["lr"])] * 3
        optimizer.step()
        schedule.step()
    assert exponential_rates(epochs=4, steps=12) == pytest.approx(expected)


def test_exponential_holds_the_rate_for_some_epochs() -> None:
    learning_rates = exponential_rates(epochs=4, steps=8, decay_after=2)
    assert learning_rates == pytest.approx([0.1] * 4 + [0.05] * 2 + [0.025] * 2)


def test_epochs_of_different_lengths_decay_with_their_share_of_the_steps() -> None:
    assert exponential_rates(epochs=3, steps=10) == pytest.approx(
        [0.1] * 4 + [0.05] * 3 + [0.025] * 3
    )


def test_exponential_warms_up() -> None:
    learning_rates = exponential_rates(epochs=4, steps=12, warm_up=4)
    expected = [0.02, 0.04, 0.06, 0.08 * 0.5, 0.1 * 0.5, 0.1 * 0.5]
    assert learning_rates[:6] == pytest.approx(expected)


def test_warming_up_rises_in_equal_steps_to_the_rate() -> None:
    expected = [0.02, 0.04, 0.06, 0.08] + [0.1] * (STEPS - 4)
    assert rates(None, warm_up=4) == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["CosineAnnealingLR", "LinearLR"])
def test_warming_up_takes_a_growing_share_of_the_schedule(schedule: str) -> None:
    cold, warm = rates(schedule), rates(schedule, warm_up=4)
    shares = [mine / its for mine, its in zip(warm, cold, strict=True)]
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8] + [1.0] * (STEPS - 4))


def test_one_cycle_does_not_warm_up_twice() -> None:
    with pytest.raises(MisfitError, match="OneCycleLR warms up by itself; choose 0"):
        rates("OneCycleLR", warm_up=4)


@pytest.mark.parametrize("optimizer", ["SGD", "RMSprop"])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_a_schedule_leaves_the_momentum_that_was_chosen(
    optimizer: str, schedule: str | None
) -> None:
    chosen = {"optimizer": optimizer, "schedule": schedule, "momentum": 0.5}
    training = Training(SupervisedConfig(**cast(Any, chosen)))
    for number in range(STEPS - 1):
        training.step(number)
        assert training.optimizer.param_groups[0]["momentum"] == 0.5


def test_flattened_state_is_tensors_by_parameter_and_slot() -> None:
    training = Training(SupervisedConfig())
    training.step(0)
    tensors, _ = flatten(training.optimizer.state_dict())
    assert tensors.keys() == {"0.step", "0.exp_avg", "0.exp_avg_sq"}
    assert all(isinstance(tensor, Tensor) for tensor in tensors.values())


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD", "Adagrad"])
def test_dense_weights_are_updated_in_one_pass(name: str) -> None:
    config = SupervisedConfig(optimizer=cast(Any, name))
    weight = torch.zeros(2, requires_grad=True)
    assert make_optimizer(config, [{"params": [weight]}]).defaults["fused"] is True
    assert not make_optimizer(config, [{"params": [weight]}], sparse=True).defaults["fused"]
