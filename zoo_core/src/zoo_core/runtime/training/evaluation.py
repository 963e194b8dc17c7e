"""Evaluating a model on a split of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.building.build import takes
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.training.trainer import AbstractTrainer, MetricSums

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


def check_fit(checkpoint: Checkpoint) -> None:
    """Says so if a checkpoint's plan names other data than what its model can be judged on.

    Raises:
        MisfitError: Inputs, sizes or labels are others than those that it learnt from.
    """
    learnt, given = checkpoint.signature, checkpoint.dataset.signature
    if not given.fits(learnt):
        model, dataset = checkpoint.run_config.model, checkpoint.run_config.dataset
        remedy = "judge it on data like its own"
        if takes(checkpoint.catalog, checkpoint.run_config, given):
            remedy += f", or train one: zoo train {model} --dataset {dataset}"
        raise MisfitError(
            f"{model} learnt {learnt.in_full()}; {dataset} gives {given.in_full()}: {remedy}"
        )


@torch.no_grad()
def evaluate(
    model: AbstractModel,
    dataset: AbstractDataset,
    trainer: AbstractTrainer,
    split: str,
    *,
    device: str = "cpu",
    precision: str = "fp32",
) -> dict[str, float]:
    """Returns the trainer's metrics over a whole split, in the data's own order, without dropout.

    The model keeps the mode (training or not) that it had.

    Raises:
        DataError: The split is too small for one batch.
    """
    check_not_empty(dataset, trainer, split)
    was_training = model.training
    model.eval()
    totals, state = MetricSums(), None
    for cpu_batch in dataset.batches(split, trainer.config.batch_size, seed=0, epoch=0):
        batch = cpu_batch.to(device)
        carries = batch.carry and trainer.carries_state and model.carries_state
        with precision_context(precision, device):
            output = model(batch, state if carries else None)
            loss = trainer.loss(output, batch)
        state = output.state
        totals.add(loss.item(), output, batch)
    model.train(was_training)
    return trainer.metrics(totals)


def check_not_empty(dataset: AbstractDataset, trainer: AbstractTrainer, split: str) -> None:
    """Checks that a split has at least one batch.

    Raises:
        DataError: It is too small for one.
    """
    if dataset.batch_count(split, trainer.config.batch_size, seed=0, epoch=0) < 1:
        raise DataError(
            f"split {split} is too small for one batch; hold out more of the data, or none"
        )
