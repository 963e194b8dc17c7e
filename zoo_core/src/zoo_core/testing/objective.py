"""Checks of trainers: the objective."""

from __future__ import annotations

import math
from typing import Any

import torch

from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.plugins.import_strings import resolve
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.testing.check import Violation, check
from zoo_core.testing.trainer_case import TrainerCase


@check("Let the trainer's config inherit from AbstractTrainerConfig.", needs=("config-defaults",))
def loop_settings(case: TrainerCase) -> Violation | None:
    """A trainer's config has the settings of the training loop."""
    config = resolve(case.entry.spec.config)
    if issubclass(config, AbstractTrainerConfig):
        return None
    return Violation("a subclass of AbstractTrainerConfig", config.__name__)


@check(
    "Give the mean over the targets that count, a tensor of no axes with a gradient; refuse data "
    "that does not fit with a MisfitError.",
    needs=("loop-settings", "import-strings"),
)
def objective(case: TrainerCase) -> Violation | None:
    """The loss is one finite number with a gradient."""
    trainer = case.make()
    output, batch = case.answered()
    loss = trainer.loss(output, batch)
    if tuple(loss.shape) or not loss.requires_grad or not math.isfinite(loss.sum().item()):
        said = f"{loss!r:.120}"
        return Violation("a finite scalar with a gradient", " ".join(said.split()))
    return None


@check(
    "Leave out targets that are IGNORED, in the sum and in the count, as torch's cross entropy "
    "does with ignore_index=-100.",
    needs=("objective",),
)
def ignored_targets(case: TrainerCase) -> Violation | None:
    """Targets that are IGNORED do not count."""
    trainer = case.make()
    output, batch = case.answered()
    assert batch.targets is not None, "it has labels"
    targets = batch.targets.clone()
    targets[0] = IGNORED
    logits = output.logits.detach().clone()
    before = trainer.loss(Output(logits, None), Batch(batch.inputs, targets)).item()
    logits[0] += torch.arange(logits.shape[-1])
    after = trainer.loss(Output(logits, None), Batch(batch.inputs, targets)).item()
    if before == after:
        return None
    return Violation(
        "logits of an ignored target leave the loss alone", f"{before:g}, then {after:g}"
    )


@check("Put every parameter of the model into one group, and none into two.", needs=("objective",))
def parameter_groups(case: TrainerCase) -> Violation | None:
    """Every parameter is trained once."""
    model = case.model()
    groups: list[dict[str, Any]] = case.make().parameter_groups(model)
    given = [id(each) for group in groups for each in group["params"]]
    counts = {name: given.count(id(each)) for name, each in model.named_parameters()}
    if wrong := {name: count for name, count in counts.items() if count != 1}:
        return Violation("every parameter in one group", f"{wrong}")
    return None


CHECKS = (loop_settings, objective, ignored_targets, parameter_groups)
