"""The interface of a trainer, which is the objective of a run; the core has the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor

from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.data.signature import Signature
from zoo_core.run_folder.objective import Objective
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.training.report import Table

T = TypeVar("T")


def add_sums(totals: dict[str, float], loss: float, sums: Mapping[str, float]) -> None:
    """Adds a batch to the sums of those before it.

    Args:
        totals: The sums by name, which are changed. ``loss`` is the sum of the mean losses, each
            times the ``weight`` of its batch, or its ``targets`` if it has no such sum. A batch
            without targets has no mean loss, and adds nothing.
        loss: The batch's mean loss.
        sums: The batch's own sums.
    """
    weight = weight_of(sums)
    totals["loss"] = totals.get("loss", 0.0) + (loss * weight if weight else 0.0)
    for name, value in sums.items():
        totals[name] = totals.get(name, 0) + value


def weight_of(sums: Mapping[str, T]) -> T:
    """Returns what the mean loss of a batch counts for: the sum ``weight``, else ``targets``."""
    return sums["weight"] if "weight" in sums else sums["targets"]


def class_sums(output: Output, batch: Batch) -> dict[str, Tensor]:
    """Returns ``correct``, the targets that had the highest logit, and ``targets`` that count.

    Returns:
        Two scalars on the device.
    """
    assert batch.targets is not None, "training and evaluation need targets"
    # No class has the index IGNORED, so such a target is never correct.
    correct = output.logits.detach().argmax(dim=-1) == batch.targets
    return {"correct": correct.sum(), "targets": (batch.targets != IGNORED).sum()}


def exact_rows(output: Output, batch: Batch) -> Tensor:
    """Returns whether no target of a row is wrong, (B,); those that do not count are not."""
    is_wrong: Tensor = (output.logits.detach().argmax(dim=-1) != batch.targets) & (
        batch.targets != IGNORED
    )
    return ~is_wrong.reshape(len(is_wrong), -1).any(dim=1)


def row_sums(output: Output, batch: Batch) -> dict[str, Tensor]:
    """Returns ``exact``, the rows without a wrong target, and ``rows``.

    Returns:
        Two scalars on the device.
    """
    is_exact = exact_rows(output, batch)
    return {"exact": is_exact.sum(), "rows": torch.tensor(len(is_exact), device=is_exact.device)}


class AbstractTrainer(ABC):
    """The objective of a run: its loss and its metrics.

    The core sums over batches what ``sums`` returns, and ``metrics`` makes metrics of the sums, in
    training as in evaluation.

    Attributes:
        config: The settings of the loop and of the objective.
        objective: The metric that decides which weights are the best, and for every metric whether
            a lower or a higher value is better.
        carries_state: Whether a batch begins with the state that the one before it ended with,
            where the data allows it.
        kernel: The kernel of the model's recurrence, whose own loss is used if it has one; None for
            torch's. ``use_kernel`` sets it.
    """

    config: AbstractTrainerConfig
    objective: Objective = Objective()
    carries_state: bool
    kernel: AbstractKernel | None = None

    def use_kernel(self, model: AbstractModel) -> None:
        """Computes the loss by the kernel of a model's recurrence, where it can."""
        layers = (module for module in model.modules() if isinstance(module, Recurrent))
        layer = next(layers, None)
        self.kernel = None if layer is None else layer.kernel

    @abstractmethod
    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the loss to minimise: a scalar, the mean over the targets that count."""

    @abstractmethod
    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns sums over a batch by name, each a scalar on the device.

        ``targets``, the number of targets that count, must be among them. The core adds ``loss``,
        the mean loss of the batch times its ``targets``, or times the sum ``weight`` if the mean
        is over other weights. ``class_sums`` has the sums of an accuracy.
        """

    def loss_and_sums(self, output: Output, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns what ``loss`` and ``sums`` return; override it where one pass computes both."""
        loss = self.loss(output, batch)
        # Sums over many targets need full precision, whatever the model is computed in.
        with torch.no_grad(), torch.autocast(output.logits.device.type, enabled=False):
            return loss, self.sums(output, batch)

    @abstractmethod
    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of the batches that were summed.

        ``loss`` and the main metric of the objective are among them.

        Args:
            sums: The sums over all batches: those of ``sums``, and ``loss``.
        """

    def answer_sums(
        self, model: AbstractModel, dataset: AbstractDataset, batch: Batch
    ) -> dict[str, Tensor]:
        """Returns sums over the answers of a model to a batch, by name; by default none.

        Answers that take several passes of the model, such as translations, are measured here. It
        is called in evaluation alone, and ``metrics`` must not expect these sums in training.

        Args:
            model: The model, in evaluation mode.
            dataset: The dataset, which knows how an answer is made.
            batch: A batch on the model's device.
        """
        return {}

    def model_signature(self, signature: Signature) -> Signature:
        """Returns the signature that the model is built for, by default that of the data.

        A trainer changes it where its objective needs other outputs, such as quantiles of values.
        """
        return signature

    def report_sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns sums for the tables of an evaluation, of any shape; by default none.

        They are computed in ``zoo evaluate`` alone.
        """
        return {}

    def report(self, sums: Mapping[str, Tensor]) -> list[Table]:
        """Returns the tables of an evaluation, such as the precision of each class.

        Args:
            sums: The sums of ``report_sums`` over all batches, on the CPU.
        """
        return []

    def parameter_groups(self, model: AbstractModel) -> list[dict[str, object]]:
        """Returns the parameter groups of the optimizer; by default one of all parameters."""
        return [{"params": list(model.parameters())}]

    def sample(self, model: AbstractModel, dataset: AbstractDataset, epoch: int) -> str:
        """Returns a line to print at the end of an epoch, such as generated text; by default none.

        Torch's global random state and the model's mode must stay unchanged, or a resumed run would
        differ: see ``evaluation_mode``. It is called once for epoch 0, before training, so that its
        errors come early.
        """
        return ""
