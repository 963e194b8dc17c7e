"""Optimizers and schedules under torch's names, and their state as tensors and JSON."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    OneCycleLR,
)

from zoo_core.configs.training import WITH_MOMENTUM, AbstractTrainerConfig
from zoo_core.errors import MisfitError

STATE_TENSORS = {"Adam": 2, "AdamW": 2, "RMSprop": 1, "Adagrad": 1, "SGD": 0}
"""The number of tensors that an optimizer keeps per parameter, without momentum."""
WITH_SPARSE_GRADIENTS = ("SGD", "Adagrad")
"""The optimizers that take sparse gradients beside dense ones, which torch's SparseAdam refuses."""
FUSED = {"cpu": ("Adam", "AdamW", "SGD", "Adagrad"), "cuda": ("Adam", "AdamW", "SGD")}
"""The optimizers that torch runs fused, in one pass over the parameters, by device."""
SHIELDED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
"""Methods that torch wraps so that its compiler skips them; the first call imports the compiler."""


def check_sparse(config: AbstractTrainerConfig, model: nn.Module) -> None:
    """Checks before training that torch can train a model's sparse embeddings as configured.

    Raises:
        MisfitError: The optimizer takes no sparse gradients, or does not take them with momentum,
            weight decay or clipping.
    """
    if not has_sparse(model):
        return
    conflicts = []
    if config.optimizer not in WITH_SPARSE_GRADIENTS:
        conflicts.append(f"trainer.optimizer = {config.optimizer!r}")
    if config.momentum > 0:
        conflicts.append(f"trainer.momentum = {config.momentum:g}")
    if config.weight_decay > 0:
        conflicts.append(f"trainer.weight_decay = {config.weight_decay:g}")
    if config.clip_norm is not None:
        conflicts.append(f"trainer.clip_norm = {config.clip_norm}")
    if conflicts:
        raise MisfitError(
            f"model.sparse = true does not go with {', '.join(conflicts)}: choose the optimizer "
            "SGD or Adagrad with momentum 0, weight_decay 0, clip_norm none"
        )


def has_sparse(model: nn.Module) -> bool:
    """Whether an embedding of the model has sparse gradients."""
    return any(isinstance(module, nn.Embedding) and module.sparse for module in model.modules())


def memory_factor(config: AbstractTrainerConfig) -> int:
    """Returns the memory of training in multiples of the weights.

    These are the weights themselves, the gradients and the tensors that the optimizer keeps.
    """
    return 2 + _state_tensors(config)


def keeps_tensors(config: AbstractTrainerConfig) -> bool:
    """Whether the optimizer keeps tensors from step to step."""
    return _state_tensors(config) > 0


def _state_tensors(config: AbstractTrainerConfig) -> int:
    has_momentum = config.momentum > 0 and config.optimizer in WITH_MOMENTUM
    return STATE_TENSORS[config.optimizer] + int(has_momentum)


def make_optimizer(
    config: AbstractTrainerConfig, groups: list[dict[str, Any]], *, sparse: bool = False
) -> Optimizer:
    """Returns the optimizer that a config names, fused where torch has a fused one.

    Args:
        config: The settings of the trainer.
        groups: The parameter groups.
        sparse: Whether some parameters have sparse gradients, which no fused optimizer takes.
    """
    settings: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if config.optimizer in WITH_MOMENTUM:
        settings["momentum"] = config.momentum
    devices = {parameter.device.type for group in groups for parameter in group["params"]}
    if not sparse and all(config.optimizer in FUSED.get(device, ()) for device in devices):
        settings["fused"] = True
    optimizer: Optimizer = _without_compiler(config.optimizer)(groups, **settings)
    return optimizer


def _without_compiler(name: str) -> Any:
    """Returns torch's optimizer of a name, without the wrappers that import torch's compiler.

    The compiler and sympy, which it needs, take longer to import than torch itself. Nothing here is
    compiled, so the methods inside the wrappers compute the same.
    """
    base = getattr(torch.optim, name)
    methods = {method: unwrap(getattr(base, method)) for method in SHIELDED}
    methods["step"] = torch.no_grad()(unwrap(base.step))
    return type(name, (base,), methods)


def make_schedule(
    config: AbstractTrainerConfig, optimizer: Optimizer, steps: int
) -> LRScheduler | None:
    """Returns the schedule that a config names over all steps of the run; None for a constant rate.

    It advances once per step. During the warm-up the learning rate rises linearly to what the
    schedule gives without one.

    Raises:
        MisfitError: The config adds a warm-up to a schedule that has its own.
    """
    if config.warm_up and config.schedule == "OneCycleLR":
        raise MisfitError(
            f"trainer.warm_up = {config.warm_up}: OneCycleLR warms up by itself; choose 0"
        )
    schedule = _schedule(config, optimizer, steps)
    if not config.warm_up:
        return schedule
    start = 1 / (config.warm_up + 1)
    warm_up = LinearLR(optimizer, start_factor=start, total_iters=config.warm_up)
    return ChainedScheduler([schedule, warm_up]) if schedule else warm_up


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
        case "ExponentialLR":
            return MultiplicativeLR(optimizer, lambda step: _decay(config, step, steps))
    return None


def _decay(config: AbstractTrainerConfig, step: int, steps: int) -> float:
    """Returns the factor from the learning rate of the step before to that of a step.

    torch's ExponentialLR steps once an epoch, and ours with every step of the run. Epochs may
    differ by a batch, so each counts for its share of all steps.

    Args:
        config: The settings of the trainer.
        step: The number of the step, from 1.
        steps: The steps of the run.
    """
    before, now = ((number * config.epochs) // steps for number in (step - 1, step))
    return config.decay if now > before and now >= config.decay_after else 1.0


def scheduled_steps(state: dict[str, Any] | None) -> int | None:
    """Returns the number of steps that a schedule was made for, from its state dict.

    Returns:
        The steps; None if there is no schedule, or it does not depend on them.
    """
    if state is None:
        return None
    if parts := state.get("_schedulers"):  # of a schedule with a warm-up, which is the last part
        state = parts[0]
    for key in ("T_max", "total_steps", "total_iters"):
        if key in state:
            return int(state[key])
    return None


def flatten(state: dict[str, Any]) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Splits an optimizer's state dict into tensors and JSON.

    Returns:
        The tensors, named ``index.key`` by the index of their parameter and their key in its
        state; and the parameter groups, which JSON can hold.
    """
    tensors = {
        f"{index}.{key}": value
        for index, values in state["state"].items()
        for key, value in values.items()
        if value is not None
    }
    others = [name for name, value in tensors.items() if not isinstance(value, Tensor)]
    assert not others, f"optimizer state that is not a tensor: {others}"
    return tensors, state["param_groups"]


def unflatten(tensors: dict[str, Tensor], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the state dict that ``flatten`` split."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    return {"state": state, "param_groups": groups}
