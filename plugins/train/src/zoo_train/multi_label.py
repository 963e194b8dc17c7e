"""Training on several labels at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo_core import Keys, Objective, Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.report import Table
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_train.class_report import class_table
from zoo_train.configs import MultiLabelConfig


@final
class MultiLabelTrainer(AbstractTrainer):
    """Binary cross entropy of every key; keys that are NaN do not count.

    With y ∈ {0, 1} a target and p = σ(logit), the loss of a key is -y ln p - (1 - y) ln(1 - p).
    ``loss`` is its sum over the keys of a step (or sequence), as the literature of polyphonic music
    reports it (Boulanger-Lewandowski et al. 2012), averaged over the steps. A key counts as
    predicted if p > 1/2; over all keys together, TP, FP and FN give

        precision = TP / (TP + FP)    recall = TP / (TP + FN)    f1 = 2 TP / (2 TP + FP + FN)
        accuracy  = TP / (TP + FP + FN)    (Bay et al. 2009)

    Args:
        config: Settings of the trainer.
        signature: Signature of the data, whose outputs are keys.

    Raises:
        MisfitError: The outputs are not keys.
    """

    config: MultiLabelConfig
    objective = Objective(
        "loss", {"loss": "min", "precision": "max", "recall": "max", "f1": "max", "accuracy": "max"}
    )

    def __init__(self, config: MultiLabelConfig, signature: Signature) -> None:
        if not isinstance(signature.outputs, Keys):
            raise MisfitError("multi-label trains on keys; this data has others")
        self.config = config
        self.names = signature.outputs.names
        self.carries_state = config.carry_state

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean over the steps or sequences that have keys, a scalar in nats."""
        targets, counts = _targets(batch)
        losses = binary_cross_entropy_with_logits(output.logits, targets, reduction="none")
        return torch.where(counts, losses, 0).sum() / counts.any(dim=-1).sum()

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the counts of hits, false alarms and misses, scalars on the device."""
        targets, counts = _targets(batch)
        predicted, actual = (output.logits > 0) & counts, (targets > 0) & counts
        return {
            "targets": counts.any(dim=-1).sum(),
            "true_positives": (predicted & actual).sum(),
            "false_positives": (predicted & ~actual).sum(),
            "false_negatives": (~predicted & actual).sum(),
        }

    def report_sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the counts of every key, (N,) each."""
        targets, counts = _targets(batch)
        predicted, actual = (output.logits > 0) & counts, (targets > 0) & counts
        found = {"hits": predicted & actual, "predicted": predicted, "actual": actual}
        return {name: flags.flatten(0, -2).sum(dim=0) for name, flags in found.items()}

    def report(self, sums: Mapping[str, Tensor]) -> list[Table]:
        """Returns the precision, recall and F1 of every key."""
        return [class_table("keys", sums["hits"], sums["predicted"], sums["actual"], self.names)]

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns ``loss`` in nats per step or sequence; the others are from 0 to 1.

        A ratio of nothing to nothing is 1: nothing was missed, or no alarm was false.
        """
        hits = sums["true_positives"]
        alarms, misses = sums["false_positives"], sums["false_negatives"]
        return {
            "loss": sums["loss"] / sums["targets"],
            "precision": _ratio(hits, hits + alarms),
            "recall": _ratio(hits, hits + misses),
            "f1": _ratio(2 * hits, 2 * hits + alarms + misses),
            "accuracy": _ratio(hits, hits + alarms + misses),
        }


def _targets(batch: Batch) -> tuple[Tensor, Tensor]:
    """Returns the targets with 0 for NaN, and which of them count."""
    assert batch.targets is not None, "training and evaluation need targets"
    targets: Tensor = batch.targets
    counts = ~targets.isnan()
    return torch.where(counts, targets, 0), counts


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
