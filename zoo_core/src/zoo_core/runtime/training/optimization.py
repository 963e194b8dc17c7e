"""Optimizers and schedules by torch's names, and their state as tensors and JSON."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
)

from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.errors import MisfitError

WITH_MOMENTUM = ("SGD", "RMSprop")
SLOTS = {"Adam": 2, "AdamW": 2, "RMSprop": 1, "Adagrad": 1, "SGD": 0}
"""Tensors that an optimizer keeps of each parameter, without momentum."""
TAKES_SPARSE = ("SGD", "Adagrad")
"""SparseAdam, which torch has too, refuses dense gradients, and every model here has some."""

FUSED = {"cpu": ("Adam", "AdamW", "SGD", "Adagrad"), "cuda": ("Adam", "AdamW", "SGD")}
"""What torch updates in one pass, by device."""


def check_sparse(config: AbstractTrainerConfig, model: nn.Module) -> None:
    """Says before training that torch cannot train a model's sparse embeddings as configured.

    Raises:
        MisfitError: The optimizer takes no sparse gradients, or not with momentum, weight decay
            or clipping.
    """
    if not has_sparse(model):
        return
    obstacles = {
        f"trainer.optimizer = {config.optimizer!r}": config.optimizer not in TAKES_SPARSE,
        f"trainer.momentum = {config.momentum:g}": config.momentum > 0,
        f"trainer.weight_decay = {config.weight_decay:g}": config.weight_decay > 0,
        f"trainer.clip_norm = {config.clip_norm}": config.clip_norm is not None,
    }
    found = [said for said, stands in obstacles.items() if stands]
    if found:
        raise MisfitError(
            f"model.sparse = true does not go with {', '.join(found)}: choose the optimizer SGD or "
            "Adagrad with momentum 0, weight_decay 0, clip_norm none"
        )


def has_sparse(model: nn.Module) -> bool:
    """Whether an embedding of the model has sparse gradients."""
    return any(isinstance(each, nn.Embedding) and each.sparse for each in model.modules())


def copies(config: AbstractTrainerConfig) -> int:
    """How often training holds the weights: themselves, gradients, what the optimizer keeps."""
    momentum = config.momentum > 0 and config.optimizer in WITH_MOMENTUM
    return 2 + SLOTS[config.optimizer] + int(momentum)


def make_optimizer(
    config: AbstractTrainerConfig, groups: list[dict[str, Any]], *, sparse: bool = False
) -> Optimizer:
    """The optimizer that a config names, in one pass over the weights where torch has one.

    Args:
        config: Names it.
        groups: Of parameters.
        sparse: Whether some of them have sparse gradients, which the one pass does not take.
    """
    settings: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if config.optimizer in WITH_MOMENTUM:
        settings["momentum"] = config.momentum
    devices = {parameter.device.type for group in groups for parameter in group["params"]}
    if not sparse and all(config.optimizer in FUSED.get(device, ()) for device in devices):
        settings["fused"] = True
    optimizer: Optimizer = getattr(torch.optim, config.optimizer)(groups, **settings)
    return optimizer


def make_schedule(
    config: AbstractTrainerConfig, optimizer: Optimizer, steps: int
) -> LRScheduler | None:
    """The schedule that a config names, over all steps of the run; it advances with each step.

    While it warms up, the learning rate is a growing share of what the schedule would have.

    Raises:
        MisfitError: It shall warm up twice.
    """
    if config.warm_up and config.schedule == "OneCycleLR":
        raise MisfitError(
            f"trainer.warm_up = {config.warm_up}: OneCycleLR warms up by itself; choose 0"
        )
    schedule = _schedule(config, optimizer, steps)
    if not config.warm_up:
        return schedule
    start = 1 / (config.warm_up + 1)
    rise = LinearLR(optimizer, start_factor=start, total_iters=config.warm_up)
    return ChainedScheduler([schedule, rise]) if schedule else rise


def _schedule(
    config: AbstractTrainerConfig, optimizer: Optimizer, steps: int
) -> LRScheduler | None:
    match config.schedule:
        case "CosineAnnealingLR":
            return CosineAnnealingLR(optimizer, T_max=steps)
        case "LinearLR":
            return LinearLR(optimizer, start_factor=1.0, end_factor=1e-3, total_iters=steps)
        case "OneCycleLR":
            rate = config.learning_rate
            return OneCycleLR(optimizer, max_lr=rate, total_steps=steps, cycle_momentum=False)
    return None


def flatten(state: dict[str, Any]) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """An optimizer's state dict as tensors named ``parameter.slot``, and its groups as JSON."""
    tensors = {
        f"{index}.{slot}": value
        for index, slots in state["state"].items()
        for slot, value in slots.items()
        if value is not None
    }
    strangers = [name for name, value in tensors.items() if not isinstance(value, Tensor)]
    assert not strangers, f"optimizer state that is no tensor: {strangers}"
    return tensors, state["param_groups"]


def unflatten(tensors: dict[str, Tensor], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """The state dict that ``flatten`` took apart."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        state.setdefault(int(index), {})[slot] = tensor
    return {"state": state, "param_groups": groups}
