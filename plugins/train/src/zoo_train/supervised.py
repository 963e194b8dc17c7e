"""Training on labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from zoo_core import Signature
from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer, class_sums
from zoo_train.configs import SupervisedConfig
from zoo_train.cross_entropy import mean_cross_entropy


@final
class SupervisedTrainer(AbstractTrainer):
    """Cross entropy with the labels; metrics are loss and accuracy.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data.
    """

    carries_state = False

    def __init__(self, config: SupervisedConfig, signature: Signature) -> None:
        self.config = config

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean cross entropy in nats, a scalar."""
        return mean_cross_entropy(output, batch)

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns ``correct`` and ``targets``, scalars on the device."""
        return class_sums(output, batch)

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns ``loss`` in nats per target and ``accuracy`` from 0 to 1."""
        return {
            "loss": sums["loss"] / sums["targets"],
            "accuracy": sums["correct"] / sums["targets"],
        }
