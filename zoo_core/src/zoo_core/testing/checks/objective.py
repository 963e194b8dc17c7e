"""Checks of trainers: the objective."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.plugins.import_strings import resolve
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.testing.cases.trainer_case import TrainerCase
from zoo_core.testing.check import DoesNotApply, Violation, check


@check("Derive the trainer's config from AbstractTrainerConfig.", needs=("config-defaults",))
def loop_settings(case: TrainerCase) -> Violation | None:
    """A trainer's config has the settings of the training loop."""
    config = resolve(case.entry.spec.config)
    if issubclass(config, AbstractTrainerConfig):
        return None
    return Violation("a subclass of AbstractTrainerConfig", config.__name__)


@check(
    "Return the mean over the targets that count, a tensor of shape () with a gradient; "
    "raise MisfitError for data that does not fit.",
    needs=("loop-settings", "import-strings"),
)
def objective(case: TrainerCase) -> Violation | None:
    """The loss is one finite number with a gradient."""
    trainer = case.make()
    loss = trainer.loss(*case.output_and_batch())
    if tuple(loss.shape) or not loss.requires_grad or not math.isfinite(loss.sum().item()):
        seen = " ".join(f"{loss!r:.120}".split())
        return Violation("a finite scalar with a gradient", seen)
    return None


@check(
    "Leave targets that are IGNORED, or NaN, out of the sum and of the count, as torch's "
    "cross_entropy does with ignore_index=-100.",
    needs=("objective",),
)
def ignored_targets(case: TrainerCase) -> Violation | None:
    """Targets that are IGNORED or NaN do not change the loss."""
    trainer = case.make()
    output, batch = case.output_and_batch()
    assert batch.targets is not None, "the batch has labels"
    if not isinstance(batch.targets, Tensor):
        raise DoesNotApply("no target is IGNORED or NaN in targets of a trainer's own form")
    targets = batch.targets.clone()
    targets[0] = math.nan if targets.is_floating_point() else IGNORED
    logits = output.logits.detach().clone()
    before = trainer.loss(Output(logits, None), Batch(batch.inputs, targets)).item()
    logits[0] += torch.arange(logits.shape[-1])
    after = trainer.loss(Output(logits, None), Batch(batch.inputs, targets)).item()
    if before == after:
        return None
    return Violation(
        "the same loss for other logits at an ignored target", f"{before:g}, then {after:g}"
    )


@check("Put every parameter of the model into exactly one group.", needs=("objective",))
def parameter_groups(case: TrainerCase) -> Violation | None:
    """Every parameter is in exactly one parameter group."""
    model = case.model()
    groups: list[dict[str, Any]] = case.make().parameter_groups(model)
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    counts = {name: grouped.count(id(parameter)) for name, parameter in model.named_parameters()}
    if wrong := {name: count for name, count in counts.items() if count != 1}:
        return Violation("every parameter in one group", f"{wrong}")
    return None


CHECKS = (loop_settings, objective, ignored_targets, parameter_groups)
