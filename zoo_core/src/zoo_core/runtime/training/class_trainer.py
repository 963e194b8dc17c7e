"""The trainers whose loss is the cross entropy of classes."""

from __future__ import annotations

from typing import final

from torch import Tensor

from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.training.class_loss import ClassLoss, CrossEntropy
from zoo_core.runtime.training.trainer import AbstractTrainer


class AbstractClassTrainer(AbstractTrainer):
    """A trainer on classes: one pass over the logits gives its loss and what an accuracy needs.

    A subclass with a ``loss``, ``sums`` or ``loss_and_sums`` of its own is a TypeError, because a
    kernel would not call them. Such a trainer derives from AbstractTrainer.

    Attributes:
        cross_entropy: The loss, which is the whole objective.
    """

    cross_entropy: CrossEntropy

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("loss", "sums", "loss_and_sums"):
            if name in vars(cls):
                raise TypeError(
                    f"{cls.__name__}.{name} would be passed over: the loss of an "
                    "AbstractClassTrainer is its cross_entropy; derive from AbstractTrainer"
                )

    @final
    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean cross entropy in nats, a scalar."""
        return self.loss_and_sums(output, batch)[0]

    @final
    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the sums of a batch; see ``sums_of``."""
        detached = output._replace(logits=output.logits.detach())
        return self.loss_and_sums(detached, batch)[1]

    @final
    def loss_and_sums(self, output: Output, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss and the sums."""
        assert batch.targets is not None, "training and evaluation need targets"
        result = self.cross_entropy(output.logits, batch.targets, self.kernel)
        return result.loss, self.sums_of(result, batch)

    def sums_of(self, result: ClassLoss, batch: Batch) -> dict[str, Tensor]:
        """Returns the sums over a batch, scalars on the device, of what its logits gave.

        Returns:
            ``correct`` and ``targets``; where the loss is not the plain one, also
            ``cross_entropy``, the sum of the plain one; with weights also ``weight``, their sum.
        """
        sums = {"correct": result.correct, "targets": result.targets}
        if result.plain is not None:
            sums["cross_entropy"] = result.plain
        if result.weight is not None:
            sums["weight"] = result.weight
        return sums
