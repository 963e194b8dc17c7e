"""The choice of the whole step that trains a model."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer

from zoo_core.data.signature import Classes, Tokens
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.embedding import has_hooks
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.recurrent import NO_REGULARIZATION
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer
from zoo_core.runtime.training.numpy_step import NumpyStep, fits_numpy, is_small, parameters_of
from zoo_core.runtime.training.passes_step import PassesStep
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_core.runtime.training.whole_step import AbstractWholeStep, AbstractWholeStepKernel


def whole_step(
    model: AbstractModel,
    trainer: AbstractTrainer,
    optimizer: Optimizer,
    *,
    in_numpy: bool = True,
) -> AbstractWholeStep | None:
    """Returns the whole step of a model by the trainer's kernel; None if it has none.

    Under autocast it is that of the precision of autocast.

    Args:
        model: The model, on the CPU, in single or double precision.
        trainer: The objective.
        optimizer: The optimizer, which has the tensors that it keeps.
        in_numpy: Whether the portable kernel may take steps in NumPy, which differ in their last
            bits from ordinary ones.
    """
    kernel, clip_norm = trainer.kernel, trainer.config.clip_norm
    if type(model) is not RecurrentModel or not isinstance(trainer, AbstractClassTrainer):
        return None
    if not _is_simple(model) or not _is_plain(optimizer, model):
        return None
    if isinstance(kernel, AbstractWholeStepKernel):
        return kernel.whole_step(model, trainer.cross_entropy, optimizer, clip_norm)
    if torch.is_autocast_enabled("cpu"):
        return None  # the steps below round nothing
    if isinstance(kernel, PortableKernel) and trainer.cross_entropy.is_plain:
        step = PassesStep(kernel, model, optimizer, clip_norm)
        takes_numpy = in_numpy and fits_numpy(model)
        return NumpyStep(model, optimizer, clip_norm, step) if takes_numpy else step
    return None


def is_numpy_step(
    model: AbstractModel, trainer: AbstractTrainer, optimizer: Optimizer, batch: Batch
) -> bool:
    """Whether the portable kernel, if it is the trainer's, trains on a batch in NumPy.

    Args:
        model: As for ``whole_step``.
        trainer: The objective.
        optimizer: The optimizer.
        batch: A batch of the run.
    """
    if type(model) is not RecurrentModel or not isinstance(trainer, AbstractClassTrainer):
        return False
    if torch.is_autocast_enabled("cpu") or not trainer.cross_entropy.is_plain:
        return False
    if batch.lengths is not None or batch.resets is not None:
        return False
    if not _is_simple(model) or not _is_plain(optimizer, model) or not fits_numpy(model):
        return False
    largest = max(parameter.numel() for parameter in parameters_of(model).values())
    return is_small(batch, largest)


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
