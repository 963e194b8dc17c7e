"""The order of a recurrence's time steps, and the rows that take part in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import torch
from torch import Tensor


@final
class TimeSchedule(NamedTuple):
    """T steps over B rows. Time is the first axis of every tensor.

    A state buffer has T + 1 entries: forward, step t reads entry t and writes entry t + 1; in
    reverse it reads entry t + 1 and writes entry t. So the states before all steps are one slice
    of the buffer and the states after them another, in both directions. Rows are sorted by
    decreasing length, so the rows that take part in a step are the first ones.

    Args:
        steps: T.
        reverse: Whether time runs from the last step to the first.
        lengths: Valid steps of each row, (B,), decreasing; None if every row is whole.
        batch_sizes: The number of rows that take part in each step; None if all do.
        needs_initial_grad: Whether the backward pass computes the gradient of the initial state.
        needs_grad: Whether a backward pass may follow.
    """

    steps: int
    reverse: bool = False
    lengths: Tensor | None = None
    batch_sizes: tuple[int, ...] | None = None
    needs_initial_grad: bool = True
    needs_grad: bool = True

    @classmethod
    def for_lengths(cls, steps: int, reverse: bool, lengths: Tensor | None) -> TimeSchedule:
        """The schedule for rows of these lengths, which decrease."""
        if lengths is None:
            return cls(steps, reverse)
        counts = (lengths.unsqueeze(0) > torch.arange(steps).unsqueeze(1)).sum(1)
        return cls(steps, reverse, lengths, tuple(counts.tolist()))

    def active_rows(self, tensor: Tensor) -> Sequence[Tensor]:
        """The rows of (T, B, ...) that take part, one tensor per step in the order of the steps."""
        rows = tensor.unbind(0)
        if self.batch_sizes is not None:
            rows = tuple(row[:size] for row, size in zip(rows, self.batch_sizes, strict=True))
        return rows[::-1] if self.reverse else rows

    @property
    def needs_earlier_grad(self) -> Sequence[bool]:
        """For each step in order, whether the gradient of the state before it is needed."""
        if self.steps == 0:
            return ()
        return (self.needs_initial_grad, *(True for _ in range(self.steps - 1)))

    def zero_padding(self, tensor: Tensor) -> None:
        """Fills (T, B, ...) with zeros where a row takes no part."""
        if self.batch_sizes is not None:
            for rows, size in zip(tensor, self.batch_sizes, strict=True):
                rows[size:] = 0

    def before(self, buffer: Tensor) -> Tensor:
        """The entries (T, B, ...) of a buffer (T + 1, B, ...) that the steps read."""
        return buffer[1:] if self.reverse else buffer[:-1]

    def after(self, buffer: Tensor) -> Tensor:
        """The entries (T, B, ...) of a buffer (T + 1, B, ...) that the steps write."""
        return buffer[:-1] if self.reverse else buffer[1:]

    @property
    def initial_index(self) -> Any:
        """The index, in a state buffer, of each row's state before its first step."""
        return self._end if self.reverse else 0

    @property
    def final_index(self) -> Any:
        """The index, in a state buffer, of each row's state after its last step."""
        return 0 if self.reverse else self._end

    @property
    def _end(self) -> Any:
        if self.lengths is None:
            return self.steps
        return self.lengths, torch.arange(len(self.lengths))

    def state_buffer(self, initial_state: Tensor) -> Tensor:
        """A buffer (T + 1, B, H) that holds an initial state, (B, H)."""
        shape = (self.steps + 1, *initial_state.shape)
        if self.lengths is None:
            buffer = initial_state.new_empty(shape)
        else:
            buffer = initial_state.new_zeros(shape)  # padding is never written
        buffer[self.initial_index] = initial_state
        return buffer
