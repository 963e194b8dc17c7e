"""Precision, recall and F1 of every class, and the confusion matrix."""

from __future__ import annotations

from statistics import fmean

import torch
from torch import Tensor

from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_core.runtime.training.report import Cell, Table

TARGETS = "target / predicted"
"""The head of the column of targets, beside the columns of predictions."""


def confusion(output: Output, batch: Batch, classes: int) -> Tensor:
    """Counts how often each class was predicted for each target.

    Args:
        output: Logits (B, T, C) or (B, C).
        batch: Targets (B, T) or (B,).
        classes: C.

    Returns:
        Integers (C, C): a row for each target, a column for each predicted class.
    """
    assert batch.targets is not None, "an evaluation needs targets"
    targets: Tensor = batch.targets.flatten()
    predicted = output.logits.argmax(dim=-1).flatten()
    counted = targets != IGNORED
    pairs = targets[counted] * classes + predicted[counted]
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def confusion_table(counts: Tensor, names: tuple[str, ...]) -> Table:
    """Returns the confusion matrix with a row for each target.

    Args:
        counts: The matrix, (C, C).
        names: The names of the classes; empty for their numbers.
    """
    labels = names or tuple(map(str, range(len(counts))))
    rows = [[label, *row] for label, row in zip(labels, counts.tolist(), strict=True)]
    return Table("confusion", (TARGETS, *labels), rows)


def class_table(
    name: str, hits: Tensor, predicted: Tensor, actual: Tensor, names: tuple[str, ...]
) -> Table:
    """Returns a table with precision, recall and F1 of every class.

    With TP the targets of a class that were predicted as such, FP the others that were and FN those
    that were not:

        precision = TP / (TP + FP)    recall = TP / (TP + FN)    F1 = 2 TP / (2 TP + FP + FN)

    A ratio of nothing to nothing has no value. The last row is the mean over the classes that have
    targets, where a missing value counts as 0.

    Args:
        name: The name of the table.
        hits: TP of each class, (C,).
        predicted: TP + FP of each class, (C,).
        actual: TP + FN of each class, (C,).
        names: The names of the classes; empty for their numbers.
    """
    labels = names or tuple(map(str, range(len(hits))))
    rows: list[list[Cell]] = []
    columns = zip(labels, hits.tolist(), predicted.tolist(), actual.tolist(), strict=True)
    for label, hit, alarms, targets in columns:
        scores = (_ratio(hit, alarms), _ratio(hit, targets), _ratio(2 * hit, alarms + targets))
        rows.append([label, *scores, targets])
    present = [row[1:-1] for row in rows if row[-1]]
    means = [fmean(float(value or 0) for value in column) for column in zip(*present, strict=True)]
    missing: list[Cell] = [None, None, None]
    rows.append(["(mean)", *(means or missing), int(actual.sum())])
    return Table(name, ("class", "precision", "recall", "f1", "targets"), rows)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
