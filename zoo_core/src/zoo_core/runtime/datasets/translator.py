"""The interface of a dataset whose answers are sequences that a model writes for a source."""

from __future__ import annotations

from abc import ABC, abstractmethod

from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel


class AbstractTranslator(ABC):
    """A capability of a dataset, beside AbstractDataset: to have a model write targets.

    The further input ``source`` of its batches holds what a target answers.
    """

    @abstractmethod
    def translate(self, model: AbstractModel, batch: Batch) -> list[list[int]]:
        """Returns the best target for each row of a batch, as ids.

        The symbol that ends a target is the last one; a target that was cut has none.

        Args:
            model: The model, in evaluation mode.
            batch: A batch with sources; its inputs beyond the first step do not count.
        """
