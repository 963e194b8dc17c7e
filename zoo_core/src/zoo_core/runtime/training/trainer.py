"""What a trainer is: the objective of a run. The loop belongs to the core."""

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
    """Sums over the batches seen.

    Args:
        loss: Of the losses, each weighted by its batch's targets.
        correct: Targets that were the likeliest class.
        targets: Targets that count.
    """

    loss: float = 0.0
    correct: int = 0
    targets: int = 0

    def add(self, loss: float, output: Output, batch: Batch) -> None:
        """Adds a batch and its mean loss."""
        correct, targets = count_correct(output, batch)
        self.add_sums(loss, int(correct), int(targets))

    def add_sums(self, loss: float, correct: int, targets: int) -> None:
        """Adds a batch by its mean loss and its counts."""
        self.loss += loss * targets
        self.correct += correct
        self.targets += targets


def count_correct(output: Output, batch: Batch) -> tuple[Tensor, Tensor]:
    """How many targets of a batch were the likeliest class, and how many count; on the device."""
    assert batch.targets is not None, "training and evaluation need targets"
    right = output.logits.detach().argmax(dim=-1) == batch.targets  # no class is IGNORED
    return right.sum(), (batch.targets != IGNORED).sum()


class AbstractTrainer(ABC):
    """An objective.

    Attributes:
        config: The settings of the loop and of the objective.
        carries_state: Whether the state goes on from batch to batch, where the data allows it.
    """

    config: AbstractTrainerConfig
    carries_state: bool

    @abstractmethod
    def loss(self, output: Output, batch: Batch) -> Tensor:
        """The loss to minimise, a mean over the targets that count; a scalar."""

    @abstractmethod
    def metrics(self, totals: MetricSums) -> dict[str, float]:
        """The metrics of the batches seen; ``loss`` is among them."""

    def parameter_groups(self, model: AbstractModel) -> list[dict[str, object]]:
        """What the optimizer is given: all parameters in one group."""
        return [{"params": list(model.parameters())}]

    def sample(self, model: AbstractModel, dataset: AbstractDataset, epoch: int) -> str:
        """What a person may read of the model at the end of an epoch; nothing by default.

        It must leave the global random state alone, or a resumed run would differ. It is called
        once for epoch 0, before training, so that what is wrong is said then.
        """
        return ""
