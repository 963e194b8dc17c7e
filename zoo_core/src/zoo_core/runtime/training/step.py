"""One optimizer step: forward, loss, backward, clipping, optimizer, schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from zoo_core.errors import DivergedError
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State
from zoo_core.runtime.training.optimization import (
    check_sparse,
    flatten,
    has_sparse,
    make_optimizer,
    make_schedule,
    unflatten,
)
from zoo_core.runtime.training.trainer import AbstractTrainer

REMEDY = "try a smaller --trainer.learning-rate or --trainer.clip-norm"


@final
class Taken(NamedTuple):
    """A step that was taken.

    Args:
        loss: Before the step, a scalar on the device.
        norm: Of the gradient before it was clipped, a scalar on the device.
        output: What the model answered.
    """

    loss: Tensor
    norm: Tensor
    output: Output


def check_finite(loss: float, norm: float, largest: Callable[[], str] | None = None) -> None:
    """Says so if a step's loss or its gradient's norm is not finite.

    Args:
        loss: In nats.
        norm: Of all gradients together.
        largest: Names the parameter with the largest gradient, where it is still at hand.

    Raises:
        DivergedError: One of them is not.
    """
    if not math.isfinite(loss) or not math.isfinite(norm):
        said = f"; the largest gradient is that of {largest()}" if largest else ""
        raise DivergedError(f"loss {loss:g}, gradient norm {norm:g}{said}; {REMEDY}")


@final
class Stepper:
    """A model with its optimizer and schedule.

    Args:
        model: On its device.
        trainer: The objective.
        steps: How many the whole run will take, for the schedule if there is one.
        device: Where the model is.
        precision: ``fp32`` or ``bf16``.

    Raises:
        MisfitError: The optimizer does not take the model's gradients.
    """

    def __init__(
        self,
        model: AbstractModel,
        trainer: AbstractTrainer,
        *,
        steps: int,
        device: str,
        precision: str,
    ) -> None:
        self.model, self.trainer = model, trainer
        self.device, self.precision = device, precision
        check_sparse(trainer.config, model)
        self.looks = device == "cpu"
        self._parameters = dict(model.named_parameters())
        groups = trainer.parameter_groups(model)
        self.optimizer = make_optimizer(trainer.config, groups, sparse=has_sparse(model))
        self.schedule = make_schedule(trainer.config, self.optimizer, steps)

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def step(self, batch: Batch, state: State | None) -> Taken:
        """Learns from a batch on the model's device.

        Raises:
            DivergedError: On the processor, the loss or the gradient is not finite; the weights
                are untouched. Elsewhere looking would make both wait: see ``check_finite``.
        """
        if not self.model.training:
            self.model.train()
        with precision_context(self.precision, self.device):
            output = self.model(batch, state)
            loss = self.trainer.loss(output, batch)
        for group in self.optimizer.param_groups:
            for each in group["params"]:
                each.grad = None
        torch.autograd.backward(loss)
        norm = self._clip()
        if self.looks:
            check_finite(loss.item(), norm.item(), self._largest)
        self.optimizer.step()
        if self.schedule:
            self.schedule.step()
        return Taken(loss.detach(), norm, output)

    def _clip(self) -> Tensor:
        """The gradient's global norm, a scalar, after scaling it down where the config says so."""
        bound = self.trainer.config.clip_norm
        norm = get_total_norm(list(self._gradients().values()))
        if bound is not None and not (self.looks and not bound < norm.item() < math.inf):
            clip_grads_with_norm_(self._parameters.values(), bound, norm)
        return norm

    def _largest(self) -> str:
        """The parameter whose gradient has the largest norm, and that norm; NaN is beyond all."""
        norms = {name: float(each.norm().item()) for name, each in self._gradients().items()}
        name = max(norms, key=lambda name: (math.isnan(norms[name]), norms[name]))
        return f"{name} ({norms[name]:g})"

    def _gradients(self) -> dict[str, Tensor]:
        """By parameter; of a sparse one the rows that it has."""
        found = {n: p.grad for n, p in self._parameters.items() if p.grad is not None}
        return {n: g.coalesce().values() if g.is_sparse else g for n, g in found.items()}

    def snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The optimizer's tensors, and as JSON its groups and the schedule."""
        tensors, groups = flatten(self.optimizer.state_dict())
        schedule = self.schedule.state_dict() if self.schedule else None
        return tensors, {"optimizer": groups, "schedule": schedule}

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Puts optimizer and schedule where ``snapshot`` was taken."""
        self.optimizer.load_state_dict(unflatten(tensors, values["optimizer"]))
        if self.schedule:
            self.schedule.load_state_dict(values["schedule"])
