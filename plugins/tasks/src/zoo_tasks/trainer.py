"""Training on the labels of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo_core import Classes, Objective, Signature
from zoo_core.errors import MisfitError
from zoo_core.run_folder.objective import Direction
from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_core.runtime.training.report import Table
from zoo_core.runtime.training.trainer import AbstractTrainer, class_sums, exact_rows, row_sums
from zoo_tasks.configs import TaskConfig

DIRECTIONS: dict[str, Direction] = {"loss": "min", "accuracy": "max", "scaled_accuracy": "max"}
MAX_BINS = 24
"""Ranges of lengths that a report tells apart: up to 2, 4, 8 and so on to 2^24 steps."""


@final
class TaskTrainer(AbstractTrainer):
    """Cross entropy with the labels; accuracy, also of whole rows, and relative to a guess.

    With a the share of the labels that the likeliest class hits and C the number of classes, the
    scaled accuracy is (a - 1 / C) / (1 - 1 / C): 0 for a guess, 1 for no error.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data.

    Raises:
        MisfitError: The outputs are not classes.
    """

    carries_state = False

    def __init__(self, config: TaskConfig, signature: Signature) -> None:
        if not isinstance(signature.outputs, Classes):
            raise MisfitError("task trains on classes; this data has other outputs")
        self.config = config
        self.classes, self.per_step = signature.outputs.size, signature.outputs.per == "step"
        directions = dict(DIRECTIONS)
        if self.per_step:
            directions["exact_match"] = "max"
        self.objective = Objective("loss", directions)

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean cross entropy in nats, a scalar."""
        logits = output.logits.flatten(0, -2)
        return cross_entropy(logits, batch.targets.flatten(), ignore_index=IGNORED)

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns ``correct`` and ``targets``; of steps also ``rows`` and ``exact``, whole ones."""
        sums = class_sums(output, batch)
        if self.per_step:
            sums |= row_sums(output, batch)
        return sums

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of an epoch.

        Returns:
            ``loss`` in nats per label, ``accuracy`` from 0 to 1 and ``scaled_accuracy``; of labels
            of steps ``exact_match``, the share of the rows without a wrong label.
        """
        accuracy = sums["correct"] / sums["targets"]
        guess = 1 / self.classes
        metrics = {
            "loss": sums["loss"] / sums["targets"],
            "accuracy": accuracy,
            "scaled_accuracy": (accuracy - guess) / (1 - guess) if guess < 1 else accuracy,
        }
        if self.per_step:
            metrics["exact_match"] = sums["exact"] / sums["rows"]
        return metrics

    def report_sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns labels, correct ones, rows and exact ones by length, (4, ``MAX_BINS``)."""
        counted = (batch.targets != IGNORED).reshape(len(batch.inputs), -1)
        correct = output.logits.argmax(dim=-1) == batch.targets
        lengths = batch.lengths
        if lengths is None:
            lengths = torch.full((len(counted),), batch.inputs.shape[1], device=counted.device)
        bins = (lengths.double().log2().ceil().long() - 1).clamp(0, MAX_BINS - 1)
        columns = (
            counted.sum(dim=1),
            correct.reshape(len(counted), -1).sum(dim=1),
            torch.ones_like(lengths),
            exact_rows(output, batch),
        )
        table = torch.zeros(len(columns), MAX_BINS, dtype=torch.int64, device=counted.device)
        for row, numbers in zip(table, columns, strict=True):
            row.index_add_(0, bins, numbers.long())
        return {"lengths": table}

    def report(self, sums: Mapping[str, Tensor]) -> list[Table]:
        """Returns the accuracy of rows by their length."""
        rows = []
        for index, (targets, correct, count, exact) in enumerate(sums["lengths"].T.tolist()):
            if count:
                shortest = 2**index + 1 if index else 1
                steps = f"{shortest}–{2 ** (index + 1)}"
                rows.append([steps, count, correct / targets if targets else None, exact / count])
        return [Table("lengths", ("steps", "rows", "accuracy", "exact_match"), rows)]
