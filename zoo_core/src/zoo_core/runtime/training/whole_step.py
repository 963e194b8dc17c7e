"""Whole training steps of small models in one call of a kernel.

At the sizes of a tutorial's first example each operation of a step takes less time than its call.
A kernel that computes the whole step itself saves those calls. It changes the same weights and the
same tensors of the optimizer, so saved states do not differ.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from zoo_core.data.signature import Classes, Tokens
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.embedding import has_hooks
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.recurrent import NO_REGULARIZATION
from zoo_core.runtime.nn.state import State
from zoo_core.runtime.training.class_loss import ClassLoss, CrossEntropy
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer
from zoo_core.runtime.training.trainer import AbstractTrainer


@final
class WholeStepResult(NamedTuple):
    """The result of a whole step.

    Args:
        loss: The loss before the update, and the sums of the batch.
        gradient_norm: The norm of the gradient before clipping, a scalar.
        output: The output of the model before the update.
    """

    loss: ClassLoss
    gradient_norm: Tensor
    output: Output


class AbstractWholeStep(ABC):
    """Forward, loss, backward, clipping and optimizer of one model, in one call."""

    @abstractmethod
    def __call__(self, batch: Batch, state: State | None) -> WholeStepResult | None:
        """Trains on a batch.

        Args:
            batch: Tokens and targets, (B, T) each, without resets.
            state: The state to begin with; None for zeros.

        Returns:
            The result; None if the step does not take the batch, or the loss or the gradient is not
            finite. Then nothing has changed, and the ordinary step trains on the batch.
        """


class AbstractWholeStepKernel(ABC):
    """A capability of a kernel, beside AbstractKernel: whole training steps of small models."""

    @abstractmethod
    def whole_step(
        self,
        model: RecurrentModel,
        loss: CrossEntropy,
        optimizer: Optimizer,
        clip_norm: float | None,
    ) -> AbstractWholeStep | None:
        """Returns the whole step of a model.

        Args:
            model: A model of one layer in one direction over tokens, without regularization, whose
                embedding, if there is one, has no further options, and whose outputs are classes of
                every step.
            loss: The objective.
            optimizer: Adam, AdamW or SGD with one group of all parameters, which has the tensors
                that it keeps.
            clip_norm: The largest norm of the gradient; None for no limit.

        Returns:
            The step; None if the kernel has none for this model.
        """


def whole_step(
    model: AbstractModel, trainer: AbstractTrainer, optimizer: Optimizer
) -> AbstractWholeStep | None:
    """Returns the whole step of a model by the trainer's kernel; None if it has none.

    Args:
        model: The model, on the CPU, in single or double precision.
        trainer: The objective.
        optimizer: The optimizer, which has the tensors that it keeps.
    """
    kernel = trainer.kernel
    if not isinstance(kernel, AbstractWholeStepKernel) or type(model) is not RecurrentModel:
        return None
    if not isinstance(trainer, AbstractClassTrainer):
        return None
    if not _is_simple(model) or not _is_plain(optimizer, model):
        return None
    return kernel.whole_step(model, trainer.cross_entropy, optimizer, trainer.config.clip_norm)


def _is_simple(model: RecurrentModel) -> bool:
    """Whether a model is as ``AbstractWholeStepKernel.whole_step`` describes it."""
    layer, embedding, signature = model.recurrent, model.embedding, model.signature
    parameters = list(model.parameters())
    return (
        isinstance(signature.inputs, Tokens)
        and isinstance(signature.outputs, Classes)
        and signature.outputs.per == "step"
        and layer.num_layers == layer.directions == 1
        and layer.regularization == NO_REGULARIZATION
        and layer.checkpoint_steps == 0
        and layer.cell.in_training() is layer.cell
        and (embedding is None or embedding.has_plain_rows)
        and model.output.weight is not (None if embedding is None else embedding.weight)
        and type(model.output) is torch.nn.Linear
        and all(parameter.requires_grad for parameter in parameters)
        and not any(has_hooks(module) for module in model.modules())
        and not any(
            parameter._backward_hooks or parameter._post_accumulate_grad_hooks
            for parameter in parameters
        )
    )


def _is_plain(optimizer: Optimizer, model: RecurrentModel) -> bool:
    """Whether an optimizer computes what its name says, on all parameters alike."""
    if not isinstance(optimizer, (Adam, AdamW, SGD)) or len(optimizer.param_groups) != 1:
        return False
    (group,) = optimizer.param_groups
    unusual = ("amsgrad", "maximize", "nesterov", "dampening", "differentiable")
    trained: list[Any] = group["params"]
    return (
        not any(group.get(name) for name in unusual)
        and not optimizer._optimizer_step_pre_hooks
        and not optimizer._optimizer_step_post_hooks
        and {id(parameter) for parameter in trained}
        == {id(parameter) for parameter in model.parameters()}
    )
