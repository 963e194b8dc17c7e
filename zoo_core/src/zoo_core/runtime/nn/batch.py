"""What a model is given and what it answers."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import Tensor

from zoo_core.runtime.nn.state import State

IGNORED = -100
"""A target that does not count: padding."""


@final
class Batch(NamedTuple):
    """One batch of sequences, batch first.

    Args:
        inputs: Tokens (B, T), features (B, T, F) or a grid (B, C, ...).
        targets: Labels (B, T) or (B,); ``IGNORED`` where there is none. None when predicting.
        lengths: Valid steps of each row, (B,), each at least 1; None if all are whole.
        carry: Whether each row goes on where that row of the previous batch ended.
    """

    inputs: Tensor
    targets: Tensor | None = None
    lengths: Tensor | None = None
    carry: bool = False

    def to(self, device: str) -> Batch:
        """The batch on a device."""
        moved = [
            None if t is None else t.to(device) for t in (self.inputs, self.targets, self.lengths)
        ]
        assert moved[0] is not None
        return Batch(moved[0], moved[1], moved[2], self.carry)


@final
class Output(NamedTuple):
    """A model's answer.

    Args:
        logits: (B, T, classes) per step, (B, classes) per sequence; not always contiguous.
        state: Where the recurrence stands after the last step, or None if there is none.
    """

    logits: Tensor
    state: State | None
