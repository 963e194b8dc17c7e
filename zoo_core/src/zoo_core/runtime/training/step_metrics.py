"""The metrics of training steps, read from the device many steps at a time."""

from __future__ import annotations

from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.training.step import StepResult


@final
class StepMetrics(NamedTuple):
    """The numbers of one training step.

    Args:
        loss: The loss before the update.
        gradient_norm: The norm of the gradient before clipping.
        sums: The trainer's sums over the batch.
        learning_rate: The learning rate of the step.
    """

    loss: float
    gradient_norm: float
    sums: dict[str, float]
    learning_rate: float


@final
class MetricBuffer:
    """Metrics of steps that are still on the device.

    Reading one number from an accelerator waits until it has done all its queued work. The buffer
    reads the numbers of many steps at once, which costs no more than reading one.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[Tensor, Tensor, dict[str, Tensor], float]] = []

    def add(self, result: StepResult, learning_rate: float) -> None:
        """Adds the metrics of a step without reading them."""
        self._pending.append((result.loss, result.gradient_norm, result.sums, learning_rate))

    def flush(self) -> list[StepMetrics]:
        """Returns the metrics of the steps since the last flush, in order."""
        pending, self._pending = self._pending, []
        if not pending:
            return []
        if len(pending) == 1:  # as on the CPU, where the rest would take as long as a small step
            ((loss, norm, named, rate),) = pending
            numbers = {name: total.item() for name, total in named.items()}
            return [StepMetrics(loss.item(), norm.item(), numbers, rate)]
        losses, norms, sums, rates = zip(*pending, strict=True)
        columns = [_read(tuple(batch[name] for batch in sums)) for name in sums[0]]
        rows = [dict(zip(sums[0], row, strict=True)) for row in zip(*columns, strict=True)]
        steps = zip(_read(losses), _read(norms), rows, rates, strict=True)
        return [StepMetrics(*step) for step in steps]


def _read(scalars: tuple[Tensor, ...]) -> list[Any]:
    """Returns the numbers of scalars on the device, all of them in one transfer."""
    if len(scalars) == 1:
        return [scalars[0].item()]
    return list(torch.stack(scalars).tolist())
