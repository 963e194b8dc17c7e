"""The input and the output of a model."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import Tensor

from zoo_core.runtime.nn.state import State

IGNORED = -100
"""The target of padding, which no loss and no metric counts."""


@final
class Batch(NamedTuple):
    """One batch of sequences, batch first.

    Args:
        inputs: Tokens (B, T), features (B, T, F) or a grid (B, C, ...).
        targets: Labels (B, T) or (B,), ``IGNORED`` for padding; None for prediction.
        lengths: The number of valid steps of each row, (B,), at least 1; None if every row is
            whole.
        carry: Whether each row continues the same row of the previous batch.
    """

    inputs: Tensor
    targets: Tensor | None = None
    lengths: Tensor | None = None
    carry: bool = False

    def to(self, device: str) -> Batch:
        """Returns the batch on another device."""
        return Batch(
            self.inputs.to(device),
            None if self.targets is None else self.targets.to(device),
            None if self.lengths is None else self.lengths.to(device),
            self.carry,
        )


@final
class Output(NamedTuple):
    """The output of a model.

    Args:
        logits: (B, T, classes) per step or (B, classes) per sequence; not always contiguous.
        state: The state after the last step, or None for a model without state.
    """

    logits: Tensor
    state: State | None
