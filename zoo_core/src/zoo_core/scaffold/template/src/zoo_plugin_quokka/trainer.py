# [trainer]
"""Training with label smoothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor
from torch.nn.functional import cross_entropy
from zoo_core import Signature
from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer, class_sums

from zoo_plugin_quokka.configs import QuokkaTrainerConfig


@final
class QuokkaTrainer(AbstractTrainer):
    """Cross entropy with label smoothing; reports the loss in nats and the accuracy.

    Args:
        config: The settings of the trainer.
        signature: Of any data with labels.
    """

    config: QuokkaTrainerConfig
    carries_state = False

    def __init__(self, config: QuokkaTrainerConfig, signature: Signature) -> None:
        self.config = config

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean over all targets that are not ``IGNORED``, a scalar."""
        assert batch.targets is not None, "training and evaluation need targets"
        return cross_entropy(
            output.logits.flatten(0, -2),  # (B * T, classes)
            batch.targets.flatten(),
            ignore_index=IGNORED,
            label_smoothing=self.config.smoothing,
        )

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns ``correct`` and ``targets``, scalars on the device."""
        return class_sums(output, batch)

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns ``loss`` in nats per target and ``accuracy`` from 0 to 1."""
        return {
            "loss": sums["loss"] / sums["targets"],
            "accuracy": sums["correct"] / sums["targets"],
        }


# [end]
