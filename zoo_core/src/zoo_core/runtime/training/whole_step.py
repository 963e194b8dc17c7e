"""Whole training steps of small models in one call of a kernel.

At the sizes of a tutorial's first example each operation of a step takes less time than its call.
A kernel that computes the whole step itself saves those calls. It changes the same weights and the
same tensors of the optimizer, so saved states do not differ.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, final

from torch import Tensor
from torch.optim import Optimizer

from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.state import State
from zoo_core.runtime.training.class_loss import ClassLoss, CrossEntropy


@final
class WholeStepResult(NamedTuple):
    """The result of a whole step.

    Args:
        loss: The loss before the update, and the sums of the batch.
        gradient_norm: The norm of the gradient before clipping, a scalar.
        output: The output of the model before the update.
    """

    loss: ClassLoss
    gradient_norm: Tensor
    output: Output


class AbstractWholeStep(ABC):
    """Forward, loss, backward, clipping and optimizer of one model, in one call."""

    @abstractmethod
    def __call__(self, batch: Batch, state: State | None) -> WholeStepResult | None:
        """Trains on a batch.

        Args:
            batch: Tokens and targets, (B, T) each, without resets.
            state: The state to begin with; None for zeros.

        Returns:
            The result; None if the step does not take the batch, or the loss or the gradient is not
            finite. Then nothing has changed, and the ordinary step trains on the batch.
        """


class AbstractWholeStepKernel(ABC):
    """A capability of a kernel, beside AbstractKernel: whole training steps of small models."""

    @abstractmethod
    def whole_step(
        self,
        model: RecurrentModel,
        loss: CrossEntropy,
        optimizer: Optimizer,
        clip_norm: float | None,
    ) -> AbstractWholeStep | None:
        """Returns the whole step of a model.

        Under autocast it rounds what the ordinary step rounds, in every call, whether that is
        under autocast or not.

        Args:
            model: A model of one layer in one direction over tokens, without regularization, whose
                embedding, if there is one, has no further options, and whose outputs are classes of
                every step.
            loss: The objective.
            optimizer: Adam, AdamW or SGD with one group of all parameters, which has the tensors
                that it keeps.
            clip_norm: The largest norm of the gradient; None for no limit.

        Returns:
            The step; None if the kernel has none for this model.
        """
