"""The interface of a trainer, which is the objective of a run; the core has the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from torch import Tensor

from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.nn.model import AbstractModel


@final
@dataclass
class MetricSums:
    """Sums over batches, from which a trainer computes its metrics.

    Args:
        loss: The sum of the losses, each times the number of its batch's targets.
        correct: The targets that had the highest logit.
        targets: The targets that count.
    """

    loss: float = 0.0
    correct: int = 0
    targets: int = 0

    def add(self, loss: float, output: Output, batch: Batch) -> None:
        """Adds a batch, by its mean loss, its output and its targets."""
        correct, targets = count_correct(output, batch)
        self.add_sums(loss, int(correct), int(targets))

    def add_sums(self, loss: float, correct: int, targets: int) -> None:
        """Adds a batch, by its mean loss and its counts."""
        self.loss += loss * targets
        self.correct += correct
        self.targets += targets


def count_correct(output: Output, batch: Batch) -> tuple[Tensor, Tensor]:
    """Counts the targets of a batch that had the highest logit, and those that count.

    Returns:
        Two scalars on the device.
    """
    assert batch.targets is not None, "training and evaluation need targets"
    # No class has the index IGNORED, so such a target is never correct.
    correct = output.logits.detach().argmax(dim=-1) == batch.targets
    return correct.sum(), (batch.targets != IGNORED).sum()


class AbstractTrainer(ABC):
    """The objective of a run: its loss and its metrics.

    Attributes:
        config: The settings of the loop and of the objective.
        carries_state: Whether a batch begins with the state that the one before it ended with,
            where the data allows it.
    """

    config: AbstractTrainerConfig
    carries_state: bool

    @abstractmethod
    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the loss to minimise: a scalar, the mean over the targets that count."""

    @abstractmethod
    def metrics(self, totals: MetricSums) -> dict[str, float]:
        """Returns the metrics of the batches that were summed; ``loss`` is among them."""

    def parameter_groups(self, model: AbstractModel) -> list[dict[str, object]]:
        """Returns the parameter groups of the optimizer; by default one of all parameters."""
        return [{"params": list(model.parameters())}]

    def sample(self, model: AbstractModel, dataset: AbstractDataset, epoch: int) -> str:
        """Returns a line to print at the end of an epoch, such as generated text; by default none.

        It must leave torch's global random state unchanged, or a resumed run would differ. It is
        called once for epoch 0, before training, so that its errors come early.
        """
        return ""
