"""The adding problem: the sum of the two numbers of a row that are marked.

Sources: Hochreiter & Schmidhuber, Long Short-Term Memory (1997), experiment 4; in the form of
Arjovsky, Shah & Bengio, Unitary Evolution Recurrent Neural Networks (2016, arXiv 1511.06464): one
length for all rows, the first mark in the first half and the second one in the second half, and the
sum itself as the target. Both definitions are from memory.
"""

from __future__ import annotations

from typing import final

import torch

from zoo_core import Features, Signature, Unknown, Values
from zoo_core.data.vocabulary import REFUSE, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.answers import in_words
from zoo_core.runtime.nn import Batch, Output
from zoo_tasks.configs import AddingConfig
from zoo_tasks.dataset import AbstractTaskDataset
from zoo_tasks.rows import TaskRows

NAMES = ("number", "mark")
"""The features of a step."""
MEAN = 1.0
"""The mean of the sums; a model that always says it has the mean square error 1/6."""


@final
class AddingDataset(AbstractTaskDataset):
    """Rows of numbers from 0 to 1, two of which are marked with 1, and the sum of those two.

    Args:
        config: Settings of the dataset.
        vocabulary: None; the inputs are numbers.
    """

    example = "0.1 0; 0.5 1; 0.9 0; 0.25 1"

    def __init__(self, config: AddingConfig, vocabulary: Vocabulary | None) -> None:
        super().__init__("adding", config)
        self.config = config

    @property
    def signature(self) -> Signature:
        """Two features of each step, with one value for the row."""
        return Signature(inputs=Features(2, names=NAMES), outputs=Values(1, names=("sum",)))

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows of one length."""
        length = self.config.test_length if is_test else self.config.length
        half = length // 2
        numbers = torch.rand(count, length, generator=generator)
        first = torch.randint(half, (count, 1), generator=generator)
        second = torch.randint(half, length, (count, 1), generator=generator)
        places = torch.cat([first, second], dim=1)
        marks = torch.zeros(count, length).scatter_(1, places, 1.0)
        sums = numbers.gather(1, places).sum(dim=1, keepdim=True)
        return TaskRows(torch.stack([numbers, marks], dim=2), sums)

    def baselines(self, split: str) -> dict[str, dict[str, float]]:
        """Returns the errors of the mean as every answer."""
        errors = (self.rows(split).targets - MEAN).double()
        mse = float(errors.square().mean())
        return {"mean": {"loss": mse, "mae": float(errors.abs().mean()), "rmse": mse**0.5}}

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns typed steps as a batch of one, (1, T, 2): number and mark, ; between steps.

        Raises:
            DataError: A step is something else.
        """
        steps = [part.replace(",", " ").split() for part in value.split(";") if part.strip()]
        try:
            row = torch.tensor([[float(number) for number in step] for step in steps])
        except ValueError:
            row = torch.empty(0)
        if row.dim() != 2 or row.shape[1] != 2 or not torch.isfinite(row).all():
            raise DataError(
                f"expected steps of a number and a mark, 0 or 1, such as {self.example}"
            )
        return Batch(row[None])

    def decode(self, output: Output) -> str:
        """Returns the sum."""
        return in_words(self.signature, output)
