"""One training step: forward, loss, backward, clipping, optimizer, schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_

from zoo_core.errors import DivergedError, MisfitError
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.embedding import hooks_of
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.state import State
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer
from zoo_core.runtime.training.gradient_step import OptimizerStep, total_norm
from zoo_core.runtime.training.loop_state import random_state, restore_random_state
from zoo_core.runtime.training.optimization import (
    check_sparse,
    flatten,
    has_sparse,
    keeps_tensors,
    make_optimizer,
    make_schedule,
    scheduled_steps,
    unflatten,
)
from zoo_core.runtime.training.split_batch import BatchResult, SplitBatch
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_core.runtime.training.whole_step import AbstractWholeStep
from zoo_core.runtime.training.whole_step_choice import is_numpy_step, whole_step

FUSED = "fused"
"""The key, in a saved state, of a run that takes its loss from its kernel, where that has one. A
run without it began with an earlier version, and continues with torch's loss, to the same bits."""
WHOLE_BF16 = "whole_bf16"
"""The key, in a saved state, of a run in bf16 that may take its steps in one call of its kernel. A
run in bf16 without it began with an earlier version, and continues with ordinary steps."""
NUMPY = "numpy"
"""The key, in a saved state, of a run of the portable kernel that may take steps in NumPy. A run of
that kernel without it began with an earlier version, and continues with those of torch."""
REMEDY = "try a smaller --trainer.learning-rate or --trainer.clip-norm"


@final
class StepResult(NamedTuple):
    """The result of one training step.

    Args:
        loss: The trainer's loss before the update, a scalar on the device, without the penalty.
        gradient_norm: The norm of the gradient before clipping, a scalar on the device.
        output: The output of the model. Where a batch is computed in parts, the logits are those of
            the last part, and the state is that of all rows of this process.
        sums: The trainer's sums over the batch.
    """

    loss: Tensor
    gradient_norm: Tensor
    output: Output
    sums: dict[str, Tensor]


def check_finite(
    loss: float, gradient_norm: float, describe_largest: Callable[[], str] | None = None
) -> None:
    """Checks that a step's loss and gradient norm are finite.

    Args:
        loss: The loss in nats.
        gradient_norm: The norm of all gradients together.
        describe_largest: Names the parameter with the largest gradient, while gradients are there.

    Raises:
        DivergedError: One of them is infinite or not a number.
    """
    if math.isfinite(loss) and math.isfinite(gradient_norm):
        return
    message = f"loss {loss:g}, gradient norm {gradient_norm:g}"
    if describe_largest:
        message += f"; the largest gradient is that of {describe_largest()}"
    raise DivergedError(f"{message}; {REMEDY}")


def _compile(model: AbstractModel) -> nn.Module:
    """Returns what torch.compile makes of a model; it translates in the first call."""
    module: Any = torch.compile(model)
    assert isinstance(module, nn.Module)
    return module


@final
class TrainStep:
    """A model with its optimizer and schedule; calling it trains on one batch.

    Args:
        model: The model, on its device.
        trainer: The objective.
        steps: The number of steps of the whole run, which a schedule needs.
        device: The device of the model.
        precision: ``fp32`` or ``bf16``.
        processes: The processes that share each batch.
        seed: The seed of the run, for a batch that is computed in parts.
        compiled: Whether torch.compile translates the model, which takes from seconds to minutes in
            the first steps.

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
        processes: AbstractProcesses = ONE_PROCESS,
        seed: int = 0,
        compiled: bool = False,
    ) -> None:
        self.model, self.trainer = model, trainer
        self.device, self.precision = device, precision
        check_sparse(trainer.config, model)
        # On an accelerator each check would wait for the device, so the loop checks later.
        self.checks_each_step = device == "cpu"
        self._module: nn.Module = _compile(model) if compiled else model
        self._split: SplitBatch | None = None
        if processes.size > 1 or trainer.config.accumulate > 1:
            if model.needs_whole_batch:
                raise MisfitError(
                    "the model computes over all rows of a batch, as batch normalization does; "
                    "train it in one process and with --trainer.accumulate 1"
                )
            self._split = SplitBatch(
                model,
                trainer,
                processes,
                module=self._module,
                seed=seed,
                device=device,
                precision=precision,
            )
        for module in model.modules():
            if isinstance(module, Recurrent):
                module.checkpoint_steps = trainer.config.checkpoint_steps or 0
        self._parameters = dict(model.named_parameters())
        self._penalized = [
            module for module in model.modules() if isinstance(module, (AbstractModel, Recurrent))
        ]
        groups = trainer.parameter_groups(model)
        self.optimizer = make_optimizer(trainer.config, groups, sparse=has_sparse(model))
        self.schedule = make_schedule(trainer.config, self.optimizer, steps)
        self._optimizer_step = OptimizerStep(self.optimizer)
        self._may_be_whole = device == "cpu" and self._split is None and not compiled
        self._may_use_numpy = True
        self._whole: AbstractWholeStep | None = None
        self._knows_whole = False
        self._hooks = tuple(chain.from_iterable(map(hooks_of, model.modules())))

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def is_in_numpy(self, batch: Batch) -> bool:
        """Whether the backend ``portable`` trains on a batch in NumPy, in the present precision."""
        if not self._may_be_whole:
            return False
        return is_numpy_step(self.model, self.trainer, self.optimizer, batch)

    def __call__(self, batch: Batch, state: State | None, step: int = 0) -> StepResult:
        """Trains on a batch.

        Args:
            batch: A batch on the model's device.
            state: The recurrent state to begin with, of the rows of this process; None for the
                model's initial state.
            step: The number of the step in the run, from 0.

        Raises:
            DivergedError: On the CPU, the loss or the gradient is not finite; the weights are
                unchanged. Elsewhere the caller checks the result with ``check_finite``.
            PeerError: Another process is lost.
        """
        self.model.check_takes(batch)
        if not self.model.training:
            self.model.train()
        if self._may_be_whole and (result := self._take_whole(batch, state)):
            return result
        if self._split:
            self._remove_gradients()
            loss, sums, output = self._split.backward(batch, state, step)
        else:
            loss, sums, output = self._backward(batch, state)
        gradient_norm = self._clip_gradients()
        if self.checks_each_step:
            check_finite(loss.item(), gradient_norm.item(), self._describe_largest_gradient)
        self._optimizer_step()
        if self.schedule:
            self.schedule.step()
        return StepResult(loss, gradient_norm, output, sums)

    def _take_whole(self, batch: Batch, state: State | None) -> StepResult | None:
        """Takes a step in one call of the kernel; None if that does not suit the run or the batch.

        Where the optimizer keeps tensors, the first step of a run is an ordinary one, which makes
        them. A resumed run has them from the start, and so continues to the same bits.
        """
        if not self._knows_whole:
            if keeps_tensors(self.trainer.config) and not self.optimizer.state:
                return None
            with precision_context(self.precision, self.device):
                self._whole = whole_step(
                    self.model, self.trainer, self.optimizer, in_numpy=self._may_use_numpy
                )
            self._knows_whole = True
            self._remove_gradients()  # those of the first step would stay
            if self._whole is not None:
                # torch's schedules warn where ``optimizer.step`` was never called
                self.optimizer._opt_called = True  # type: ignore[attr-defined]
        if self._whole is None or any(self._hooks):  # a hook may have come since
            return None
        result = self._whole(batch, state)
        if result is None:
            return None
        if self.schedule:
            self.schedule.step()
        assert isinstance(self.trainer, AbstractClassTrainer), "whole_step has checked it"
        sums = self.trainer.sums_of(result.loss, batch)
        return StepResult(result.loss.loss, result.gradient_norm, result.output, sums)

    def _backward(self, batch: Batch, state: State | None) -> BatchResult:
        """Computes the gradient of a batch in one piece."""
        with precision_context(self.precision, self.device):
            output = self._module(batch, state)
            loss, sums = self.trainer.loss_and_sums(output, batch)
        objective = loss
        for module in self._penalized:
            if module.penalty is not None:
                objective = objective + module.penalty
                module.penalty = None
        self._remove_gradients()
        torch.autograd.backward(objective)
        return BatchResult(loss.detach(), sums, output)

    def _remove_gradients(self) -> None:
        # of those that the trainer leaves out of its groups too, or they would add up in the norm
        for parameter in self._parameters.values():
            parameter.grad = None

    def _clip_gradients(self) -> Tensor:
        """Scales the gradient down to ``clip_norm``; returns its norm before that, a scalar."""
        max_norm = self.trainer.config.clip_norm
        norm = total_norm(list(self._gradients().values()))
        if max_norm is None:
            return norm
        # On the CPU, where reading the norm is cheap, skip a scaling by 1.
        if self.checks_each_step and not max_norm < norm.item() < math.inf:
            return norm
        clip_grads_with_norm_(self._parameters.values(), max_norm, norm)
        return norm

    def _describe_largest_gradient(self) -> str:
        """Names the parameter whose gradient has the largest norm; NaN counts as the largest."""
        norms = {name: float(grad.norm().item()) for name, grad in self._gradients().items()}
        name = max(norms, key=lambda name: (math.isnan(norms[name]), norms[name]))
        return f"{name} ({norms[name]:g})"

    def _gradients(self) -> dict[str, Tensor]:
        """Returns the gradients by parameter; of a sparse one only the rows that it has."""
        gradients = {}
        for name, parameter in self._parameters.items():
            grad = parameter.grad
            if grad is not None:
                gradients[name] = grad.coalesce().values() if grad.is_sparse else grad
        return gradients

    def capture(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the optimizer's tensors, and its groups and the schedule as JSON."""
        tensors, groups = flatten(self.optimizer.state_dict())
        schedule = self.schedule.state_dict() if self.schedule else None
        values: dict[str, Any] = {"optimizer": groups, "schedule": schedule}
        if self.trainer.kernel is not None:
            values[FUSED] = True
        if self._may_be_whole and self.precision == "bf16":
            values[WHOLE_BF16] = True
        if self._may_use_numpy and isinstance(self.trainer.kernel, PortableKernel):
            values[NUMPY] = True
        return tensors, values

    @property
    def scheduled_steps(self) -> int | None:
        """The steps that the schedule is made for; None if it does not depend on them."""
        return scheduled_steps(self.schedule.state_dict() if self.schedule else None)

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Sets optimizer and schedule to what ``capture`` returned."""
        self.optimizer.load_state_dict(unflatten(tensors, values["optimizer"]))
        if self.schedule:
            self.schedule.load_state_dict(values["schedule"])
        self._optimizer_step = OptimizerStep(self.optimizer)
        if FUSED not in values:
            self.trainer.kernel = None
        if self.precision == "bf16" and WHOLE_BF16 not in values:
            self._may_be_whole = False
        self._may_use_numpy = NUMPY in values
        self._knows_whole, self._whole = False, None

    def random_state(self) -> dict[str, Tensor]:
        """Returns the state of the random generators."""
        return self._split.random_state() if self._split else random_state(self.device)

    def restore_random_state(self, tensors: dict[str, Tensor]) -> None:
        """Continues from what ``random_state`` returned."""
        if self._split:
            self._split.restore_random_state(tensors)
        else:
            restore_random_state(tensors)
