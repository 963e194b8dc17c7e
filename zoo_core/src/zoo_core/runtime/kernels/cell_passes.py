"""What a sweep is: a cell's equations and their derivatives, carried through all steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.schedule import Walk

Kept: TypeAlias = tuple[Tensor, ...]


@final
class Gradients(NamedTuple):
    """What a sweep back finds.

    Args:
        projected: Of the projected inputs, the last G columns of (T, B, at least G); zeros where a
            row takes no part.
        weight_hh: Of the recurrent weights, (G, H).
        bias_hh: Of the part of ``bias_hh`` that was kept out of the projection, or None.
    """

    projected: Tensor
    weight_hh: Tensor
    bias_hh: Tensor | None


class AbstractSweep(ABC):
    """Takes a cell through all steps and back; steps first, (T, B, ...).

    Attributes:
        inner_gates: How many gates, the last ones, have a recurrent bias that is no mere part of
            the sum: it cannot be added to the projected inputs beforehand.
    """

    inner_gates: int = 0

    @abstractmethod
    def forth(
        self,
        walk: Walk,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Kept:
        """Fills the states.

        Args:
            walk: The order of the steps.
            projected: What the inputs contribute with all biases but the inner gates',
                (T, B, G); used up.
            weight_hh: (G, H); its dtype is that of the products, whatever the states' is.
            bias_hh: The inner gates' recurrent bias, if there is one.
            states: A buffer (T + 1, B, H) for each tensor of the state, the first slots filled.

        Returns:
            What ``back`` needs besides the states.
        """

    @abstractmethod
    def back(
        self,
        walk: Walk,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        kept: Kept,
        slopes: tuple[Tensor, ...],
    ) -> Gradients:
        """Carries the gradient through all steps.

        Args:
            walk: The same, which now says whether it is ``cut``.
            weight_hh: As in ``forth``.
            states: As ``forth`` left them; not changed.
            kept: What ``forth`` returned; not changed.
            slopes: The gradient of the hidden states in every slot, (T + 1, B, H), and of the
                last cell state, (B, H), if there is one; afterwards, unless the walk is cut, the
                first slots of the one and all of the other hold the gradients of the state that
                the walk started from.
        """


def across(d: Tensor, states: Tensor, dtype: torch.dtype) -> Tensor:
    """The gradient (G, H) of a weight, in one product.

    Args:
        d: The gradient of what it made, (T, B, G).
        states: What it met, (T, B, H).
        dtype: Of the product.
    """
    return d.flatten(0, 1).to(dtype).t() @ states.flatten(0, 1).to(dtype)
