"""One optimizer step: forward, loss, backward, clipping, optimizer, schedule."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.errors import DivergedError
from zoo_core.runtime.batch import Batch, Output
from zoo_core.runtime.device import precision_context
from zoo_core.runtime.model import AbstractModel
from zoo_core.runtime.optimization import (
    flatten,
    make_optimizer,
    make_schedule,
    refuse_sparse,
    unflatten,
)
from zoo_core.runtime.state import State
from zoo_core.runtime.trainer import AbstractTrainer

REMEDY = "try a smaller --trainer.learning-rate or --trainer.clip-norm"


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
        refuse_sparse(trainer.config, model)
        self.optimizer = make_optimizer(trainer.config, trainer.parameter_groups(model))
        self.schedule = make_schedule(trainer.config, self.optimizer, steps)

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def step(self, batch: Batch, state: State | None) -> tuple[float, Output]:
        """Learns from a batch on the model's device.

        Returns:
            The loss before the step, and what the model answered.

        Raises:
            DivergedError: The loss or the gradient is not finite; the weights are untouched.
        """
        self.model.train()
        with precision_context(self.precision, self.device):
            output = self.model(batch, state)
            loss = self.trainer.loss(output, batch)
        value = float(loss.item())
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = self._clip()
        if not math.isfinite(value) or not math.isfinite(norm):
            largest = f"the largest gradient is that of {self._largest()}"
            raise DivergedError(f"loss {value:g}, gradient norm {norm:g}; {largest}; {REMEDY}")
        self.optimizer.step()
        if self.schedule:
            self.schedule.step()
        return value, output

    def _clip(self) -> float:
        """The gradient's global norm; a finite one is scaled down where the config says so."""
        bound, gradients = self.trainer.config.clip_norm, self._gradients()
        norm = torch.nn.utils.get_total_norm(list(gradients.values()))
        if bound is not None and norm.isfinite():
            torch.nn.utils.clip_grads_with_norm_(self.model.parameters(), bound, norm)
        return float(norm.item())

    def _largest(self) -> str:
        """The parameter whose gradient has the largest norm, and that norm; NaN is beyond all."""
        norms = {name: float(each.norm().item()) for name, each in self._gradients().items()}
        name = max(norms, key=lambda name: (math.isnan(norms[name]), norms[name]))
        return f"{name} ({norms[name]:g})"

    def _gradients(self) -> dict[str, Tensor]:
        """By parameter; of a sparse one the rows that it has."""
        found = {n: p.grad for n, p in self.model.named_parameters() if p.grad is not None}
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
