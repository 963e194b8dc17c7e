"""Training on labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from zoo_core import Objective, Signature
from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer
from zoo_core.runtime.training.report import Table
from zoo_train.class_report import class_table, confusion, confusion_table
from zoo_train.configs import SupervisedConfig
from zoo_train.cross_entropy import make_cross_entropy

MAX_REPORTED_CLASSES = 1000
"""Classes above which an evaluation has no table of them."""


@final
class SupervisedTrainer(AbstractClassTrainer):
    """Cross entropy with the labels; metrics are loss and accuracy.

    With label smoothing or weights, ``cross_entropy`` is the loss without them.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data.

    Raises:
        ConfigError: The weights do not fit the classes.
        MisfitError: The outputs are not classes.
    """

    carries_state = False
    objective = Objective("loss", {"loss": "min", "cross_entropy": "min", "accuracy": "max"})

    def __init__(self, config: SupervisedConfig, signature: Signature) -> None:
        self.config = config
        self.cross_entropy = make_cross_entropy(config, signature)
        self.size, self.names = signature.outputs.size, signature.outputs.names
        vocabulary = signature.vocabulary
        if not self.names and vocabulary and len(vocabulary) == self.size:
            self.names = vocabulary.symbols  # symbols as labels

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns ``loss`` in nats per target and ``accuracy`` from 0 to 1."""
        metrics = {"loss": sums["loss"] / sums.get("weight", sums["targets"])}
        if "cross_entropy" in sums:
            metrics["cross_entropy"] = sums["cross_entropy"] / sums["targets"]
        return metrics | {"accuracy": sums["correct"] / sums["targets"]}

    def report_sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the confusion matrix of a batch, (C, C); nothing of very many classes."""
        if self.size > MAX_REPORTED_CLASSES:
            return {}
        return {"confusion": confusion(output, batch, self.size)}

    def report(self, sums: Mapping[str, Tensor]) -> list[Table]:
        """Returns the precision, recall and F1 of every class, and the confusion matrix."""
        if "confusion" not in sums:
            return []
        matrix, names = sums["confusion"], self.names
        predicted, actual = matrix.sum(dim=0), matrix.sum(dim=1)
        return [
            class_table("classes", matrix.diagonal(), predicted, actual, names),
            confusion_table(matrix, names),
        ]
