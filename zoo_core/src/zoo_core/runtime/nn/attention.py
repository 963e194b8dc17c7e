"""The interface of a model that attends to a further input."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from zoo_core.runtime.nn.batch import Batch


class AbstractAttention(ABC):
    """A capability of a model, beside AbstractModel: to tell where it looks in a further input."""

    @abstractmethod
    def attention(self, batch: Batch) -> Tensor | None:
        """Returns the weights of the steps of the further input ``source`` at each step.

        Args:
            batch: Inputs (B, T) and a source (B, S).

        Returns:
            (B, T, S), each row of which adds up to 1 and is 0 at padding; None if the settings of
            the model leave attention out.
        """
