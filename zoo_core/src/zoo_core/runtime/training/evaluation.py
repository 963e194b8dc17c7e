"""Evaluating a model on a split of a dataset."""

from __future__ import annotations

import torch

from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.training.trainer import AbstractTrainer, MetricSums


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
