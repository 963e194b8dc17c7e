"""The interface of a cell's forward and backward pass through all time steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.schedule import TimeSchedule

Saved: TypeAlias = tuple[Tensor, ...]


@final
class Gradients(NamedTuple):
    """The result of a backward pass.

    Args:
        projected: The gradient of the projected inputs: the last G columns of
            (T, B, at least G), zero where a row takes no part; or of the table (V, at least G)
            that tokens were looked up in.
        weight_hh: The gradient of the recurrent weights, (G, H).
        bias_hh: The gradient of the separate recurrent bias, or None if there is none.
        rounded: The gradient of the projected inputs once more, of the same shape, in the dtype of
            the products, if the passes made it.
    """

    projected: Tensor
    weight_hh: Tensor
    bias_hh: Tensor | None
    rounded: Tensor | None = None


class AbstractCellPasses(ABC):
    """A cell's equations through all time steps, and their derivatives; all tensors (T, B, ...).

    Attributes:
        recurrent_bias_gates: The number of gates, the last ones, whose recurrent bias is not a
            term of the gate's plain sum, so that it cannot be added to the projected inputs
            beforehand.
    """

    recurrent_bias_gates: int = 0

    @abstractmethod
    def forward(
        self,
        schedule: TimeSchedule,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Saved:
        """Computes the states of all steps.

        Args:
            schedule: The order of the steps.
            projected: The projected inputs with all biases but ``bias_hh``, (T, B, G);
                overwritten.
            weight_hh: (G, H). Products are made in its dtype, whatever the dtype of the states.
            bias_hh: The recurrent bias of the last ``recurrent_bias_gates`` gates, if any.
            states: A state buffer (T + 1, B, H) for each tensor of the state, which holds the
                initial state; filled here.

        Returns:
            What ``backward`` needs besides the states.
        """

    @abstractmethod
    def backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grad_states: tuple[Tensor, ...],
    ) -> Gradients:
        """Propagates the gradient through all steps.

        Args:
            schedule: That of ``forward``; it now says whether the gradient of the initial state
                is needed.
            weight_hh: As in ``forward``.
            states: As ``forward`` left them; not changed.
            saved: The result of ``forward``; not changed.
            grad_states: The gradient of the hidden states in every entry of their buffer,
                (T + 1, B, H), and of the last cell state, (B, H), if there is one. If the
                gradient of the initial state is needed, the former's initial entries and the
                whole of the latter hold it afterwards.
        """


class AbstractTokenPasses(AbstractCellPasses):
    """Passes that look tokens up themselves, so that no step's projected inputs are written."""

    @abstractmethod
    def takes_tokens(self, tokens: int, symbols: int) -> bool:
        """Returns whether that is worth it; otherwise ``forward`` gets the projected inputs.

        Args:
            tokens: The number of tokens, T·B.
            symbols: V.
        """

    @abstractmethod
    def forward_tokens(
        self,
        schedule: TimeSchedule,
        tokens: Tensor,
        table: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Saved:
        """Computes the states of all steps.

        Args:
            schedule: As in ``forward``.
            tokens: int64 numbers from [0, V), (T, B).
            table: The projected input of each symbol, (V, G), with all biases but ``bias_hh``.
            weight_hh: As in ``forward``.
            bias_hh: As in ``forward``.
            states: As in ``forward``.

        Returns:
            What ``backward_tokens`` needs besides the states.
        """

    @abstractmethod
    def backward_tokens(
        self,
        schedule: TimeSchedule,
        tokens: Tensor,
        symbols: int,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grad_states: tuple[Tensor, ...],
    ) -> Gradients:
        """Propagates the gradient through all steps.

        Args:
            schedule: As in ``backward``.
            tokens: As in ``forward_tokens``.
            symbols: V.
            weight_hh: As in ``backward``.
            states: As in ``backward``.
            saved: The result of ``forward_tokens``; not changed.
            grad_states: As in ``backward``.

        Returns:
            The gradients; ``projected`` is that of the table.
        """


def weight_gradient(grad: Tensor, states: Tensor, dtype: torch.dtype) -> Tensor:
    """The gradient (G, H) of a weight, in one product over all steps.

    Args:
        grad: The gradient of the weight's products, (T, B, G).
        states: What the weight was multiplied with, (T, B, H).
        dtype: The dtype of the product.
    """
    return grad.flatten(0, 1).to(dtype).t() @ states.flatten(0, 1).to(dtype)
