"""Counting the classes of training data."""

from __future__ import annotations

import torch

from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import IGNORED, leaves


def count_classes(dataset: AbstractDataset, classes: int, batch_size: int) -> tuple[int, ...]:
    """Returns how often each class is a target of the training split, which is read once.

    Args:
        dataset: A dataset whose outputs are classes.
        classes: Number of classes.
        batch_size: Rows that are read at once.

    Raises:
        DataError: There is not enough data for one batch.
    """
    counts = torch.zeros(classes, dtype=torch.int64)
    for batch in dataset.batches("train", batch_size, seed=0, epoch=0):
        for targets in leaves(batch.targets):
            counts += torch.bincount(targets[targets != IGNORED], minlength=classes)
    return tuple(counts.tolist())
