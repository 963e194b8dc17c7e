"""The figures of steps, left on the device until somebody looks."""

from __future__ import annotations

from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.training.step import Taken
from zoo_core.runtime.training.trainer import count_correct


@final
class Noted(NamedTuple):
    """A step in numbers.

    Args:
        loss: Before the step.
        norm: Of the gradient before it was clipped.
        correct: Targets that were the likeliest class.
        targets: Targets that count.
    """

    loss: float
    norm: float
    correct: int
    targets: int


@final
class Tally:
    """Steps whose figures nobody has looked at.

    Reading one number from an accelerator makes it finish all it was given, and then wait for
    more; reading those of many steps at once costs no more than reading one.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Tensor, ...]] = []

    def note(self, taken: Taken, batch: Batch) -> None:
        """Keeps the figures of a step."""
        self._waiting.append((taken.loss, taken.norm, *count_correct(taken.output, batch)))

    def look(self) -> list[Noted]:
        """The figures of the steps since the last look, in their order."""
        columns = zip(*self._waiting, strict=True)
        numbers = [_numbers(each) for each in columns]
        self._waiting = []
        return [Noted(*row) for row in zip(*numbers, strict=True)]


def _numbers(scalars: tuple[Tensor, ...]) -> list[Any]:
    """What scalars on the device hold, read at once."""
    return [scalars[0].item()] if len(scalars) == 1 else list(torch.stack(scalars).tolist())
