"""The metrics of training steps, read from the device many steps at a time."""

from __future__ import annotations

from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.training.step import StepResult
from zoo_core.runtime.training.trainer import count_correct


@final
class StepMetrics(NamedTuple):
    """The numbers of one training step.

    Args:
        loss: The loss before the update, in nats.
        gradient_norm: The norm of the gradient before clipping.
        correct: The targets that had the highest logit.
        targets: The targets that count.
        learning_rate: The learning rate of the step.
    """

    loss: float
    gradient_norm: float
    correct: int
    targets: int
    learning_rate: float


@final
class MetricBuffer:
    """Metrics of steps that are still on the device.

    Reading one number from an accelerator waits until it has done all its queued work. The buffer
    reads the numbers of many steps at once, which costs no more than reading one.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[Tensor, ...]] = []
        self._learning_rates: list[float] = []

    def add(self, result: StepResult, batch: Batch, learning_rate: float) -> None:
        """Adds the metrics of a step without reading them."""
        correct, targets = count_correct(result.output, batch)
        self._pending.append((result.loss, result.gradient_norm, correct, targets))
        self._learning_rates.append(learning_rate)

    def flush(self) -> list[StepMetrics]:
        """Returns the metrics of the steps since the last flush, in order."""
        columns = [_read(column) for column in zip(*self._pending, strict=True)]
        rates, self._pending, self._learning_rates = self._learning_rates, [], []
        return [StepMetrics(*row) for row in zip(*columns, rates, strict=True)]


def _read(scalars: tuple[Tensor, ...]) -> list[Any]:
    """Returns the numbers of scalars on the device, all of them in one transfer."""
    if len(scalars) == 1:
        return [scalars[0].item()]
    return list(torch.stack(scalars).tolist())
