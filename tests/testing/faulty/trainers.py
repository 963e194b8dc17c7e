"""A trainer that keeps every rule, and trainers that break one rule each."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.testing.faulty.configs import Training
from zoo_core import Signature
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.training.trainer import AbstractTrainer, class_sums


class Honest(AbstractTrainer):
    """Cross entropy."""

    carries_state = False

    def __init__(self, config: Training, signature: Signature) -> None:
        self.config = config

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean over the targets that are not ignored."""
        assert batch.targets is not None
        return cross_entropy(output.logits.flatten(0, -2), batch.targets.flatten())

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the counts of an accuracy."""
        return class_sums(output, batch)

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the loss."""
        return {"loss": sums["loss"] / sums["targets"]}


class OfLetters(Honest):
    """Cross entropy of the letters of a dict of targets."""

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean over the letters."""
        return super().loss(output, batch._replace(targets=batch.targets["letters"]))

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the counts of an accuracy."""
        return class_sums(output, batch._replace(targets=batch.targets["letters"]))


class Misspelt(OfLetters):
    """Reads a target that the data does not have."""

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Raises KeyError."""
        return super().loss(output, batch._replace(targets=batch.targets["leters"]))


class RowByRow(Honest):  # noqa: D101  # the plugin's table says what is wrong with each
    def loss(self, output: Output, batch: Batch) -> Tensor:
        assert batch.targets is not None
        logits = output.logits.flatten(0, -2)
        return cross_entropy(logits, batch.targets.flatten(), reduction="none")


class Counted(Honest):  # noqa: D101
    def loss(self, output: Output, batch: Batch) -> Tensor:
        assert batch.targets is not None
        return super().loss(output, batch._replace(targets=batch.targets.clamp(min=0)))


class Partial(Honest):  # noqa: D101
    def parameter_groups(self, model: AbstractModel) -> list[dict[str, object]]:
        return [{"params": list(model.parameters())[:-1]}]


class Lossless(Honest):  # noqa: D101
    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        return {"accuracy": sums["correct"] / sums["targets"]}


class Detached(Honest):  # noqa: D101
    def loss(self, output: Output, batch: Batch) -> Tensor:
        return super().loss(output, batch).detach() + 0 * output.logits.sum()


class Annealed(Honest):  # noqa: D101
    steps = 0

    def loss(self, output: Output, batch: Batch) -> Tensor:
        self.steps += output.logits.requires_grad
        share: float = 0.9**self.steps if output.logits.requires_grad else 1.0
        return super().loss(output, batch) * share
