"""The order in which a recurrence takes its steps, and which rows take part in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import torch
from torch import Tensor


@final
class Walk(NamedTuple):
    """A walk over T steps of B rows, all axes steps first.

    States lie in buffers of T + 1 slots: a forward walk goes from slot t to t + 1 at step t, a
    reverse one from t + 1 to t. So the slots before all steps are one slice and those after them
    another, whichever way it goes. Rows are sorted by falling length; those that take part in a
    step are the first ones.

    Args:
        steps: T.
        reverse: From the last step to the first.
        lengths: Valid steps of each row (B,), falling; None if all are whole.
        sizes: How many rows take part in each step; None if all do.
        cut: Whether the way back ends at the first step: nobody asks for the start's gradient.
    """

    steps: int
    reverse: bool = False
    lengths: Tensor | None = None
    sizes: tuple[int, ...] | None = None
    cut: bool = False

    @classmethod
    def over(cls, steps: int, reverse: bool, lengths: Tensor | None) -> Walk:
        """The walk over rows of these lengths, which fall."""
        if lengths is None:
            return cls(steps, reverse)
        counts = (lengths.unsqueeze(0) > torch.arange(steps).unsqueeze(1)).sum(1)
        return cls(steps, reverse, lengths, tuple(counts.tolist()))

    def active(self, tensor: Tensor) -> Sequence[Tensor]:
        """The rows of (T, B, ...) that take part, step by step in the order of the walk."""
        each = tensor.unbind(0)
        if self.sizes is not None:
            each = tuple(rows[:size] for rows, size in zip(each, self.sizes, strict=True))
        return each[::-1] if self.reverse else each

    @property
    def goes_on(self) -> Sequence[bool]:
        """For each step in the order of the walk, whether the way back goes on beyond it."""
        return ((not self.cut,) + (True,) * (self.steps - 1))[: self.steps]

    def silence(self, tensor: Tensor) -> None:
        """Puts zeros in (T, B, ...) where a row takes no part."""
        if self.sizes is not None:
            for rows, size in zip(tensor, self.sizes, strict=True):
                rows[size:] = 0

    def before(self, slots: Tensor) -> Tensor:
        """The slots (T, B, ...) of a buffer (T + 1, B, ...) that the steps start from."""
        return slots[1:] if self.reverse else slots[:-1]

    def after(self, slots: Tensor) -> Tensor:
        """The slots (T, B, ...) of a buffer (T + 1, B, ...) that the steps lead to."""
        return slots[:-1] if self.reverse else slots[1:]

    @property
    def first(self) -> Any:
        """Index of each row's slot before its first step."""
        return self._end if self.reverse else 0

    @property
    def last(self) -> Any:
        """Index of each row's slot after its last step."""
        return 0 if self.reverse else self._end

    @property
    def _end(self) -> Any:
        if self.lengths is None:
            return self.steps
        return self.lengths, torch.arange(len(self.lengths))

    def slots(self, start: Tensor) -> Tensor:
        """A buffer (T + 1, B, H) of states with the first one, (B, H), in its place."""
        shape = (self.steps + 1, *start.shape)
        buffer = start.new_empty(shape) if self.lengths is None else start.new_zeros(shape)
        buffer[self.first] = start
        return buffer
