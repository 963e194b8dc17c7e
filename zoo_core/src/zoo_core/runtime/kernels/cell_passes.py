"""The interface of a cell's forward and backward pass through all time steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.schedule import TimeSchedule

Saved: TypeAlias = tuple[Tensor, ...]


@final
class ResultGradients(NamedTuple):
    """The gradients of what a layer returned.

    Args:
        outputs: Of the outputs, (T, B, H), with any strides; None for zeros.
        last_state: Of the tensors of the last state, (B, H) each, with any strides; None for zeros.
        buffer: That of ``gradient_buffer`` which holds ``outputs``, and may be overwritten; None if
            they lie elsewhere.
    """

    outputs: Tensor | None
    last_state: tuple[Tensor | None, ...]
    buffer: Tensor | None = None

    def of_hidden(self, schedule: TimeSchedule, hidden: Tensor) -> Tensor:
        """Returns the gradients of a buffer of hidden states (T + 1, B, H), to be overwritten."""
        buffer = self.buffer
        if self.outputs is None:
            buffer = torch.zeros_like(hidden)
        elif buffer is None:
            buffer = gradient_buffer(schedule, hidden)
            schedule.after(buffer).copy_(self.outputs)
        grad = self.last_state[0]
        if grad is not None:
            buffer[schedule.final_index] += grad
        return buffer

    def of_last(self, number: int, like: Tensor) -> Tensor:
        """Returns the gradient of a tensor of the last state, (B, H), to be overwritten.

        Args:
            number: Its number in the state.
            like: A tensor of its shape, dtype and device.
        """
        grad = self.last_state[number]
        if grad is None:
            return torch.zeros_like(like)
        return grad.clone(memory_format=torch.contiguous_format)


def gradient_buffer(schedule: TimeSchedule, hidden: Tensor) -> Tensor:
    """Returns room for the gradient of the hidden states (T + 1, B, H).

    What lies before the first steps is zero. The caller writes the rest, ``schedule.after`` of it.
    """
    buffer = torch.empty_like(hidden)
    buffer[schedule.initial_index] = 0
    if schedule.lengths is not None:
        buffer[-1] = buffer[0] = 0
    return buffer


@final
class Gradients(NamedTuple):
    """The result of a backward pass.

    Args:
        projected: The gradient of the projected inputs: the last G columns of
            (T, B, at least G), zero where a row takes no part; or of the table (V, at least G)
            that tokens were looked up in.
        weight_hh: The gradient of the recurrent weights, (G, H).
        bias_hh: The gradient of the separate recurrent bias, or None if there is none.
        initial_state: The gradients of the tensors of the initial state, (B, H) each, if they are
            needed; any numbers if not.
        rounded: The gradient of the projected inputs once more, of the same shape, in the dtype of
            the products, if the passes made it.
    """

    projected: Tensor
    weight_hh: Tensor
    bias_hh: Tensor | None
    initial_state: tuple[Tensor, ...]
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
        grads: ResultGradients,
    ) -> Gradients:
        """Propagates the gradient through all steps.

        Args:
            schedule: That of ``forward``; it now says whether the gradient of the initial state
                is needed.
            weight_hh: As in ``forward``.
            states: As ``forward`` left them; not changed.
            saved: The result of ``forward``; not changed.
            grads: The gradients of what the layer returned; only their buffer is changed.
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
        grads: ResultGradients,
    ) -> Gradients:
        """Propagates the gradient through all steps.

        Args:
            schedule: As in ``backward``.
            tokens: As in ``forward_tokens``.
            symbols: V.
            weight_hh: As in ``backward``.
            states: As in ``backward``.
            saved: The result of ``forward_tokens``; not changed.
            grads: As in ``backward``.

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
