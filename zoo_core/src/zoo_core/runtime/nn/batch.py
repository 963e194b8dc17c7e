"""The input and the output of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, final

from torch import Tensor

from zoo_core.runtime.nn.state import State

IGNORED = -100
"""The class that stands where there is no target, such as for padding; none counts it.

Of values and keys, NaN stands there.
"""
Tree: TypeAlias = Any
"""A tensor, or a tuple, list or dict of trees; None is an empty tree."""


def map_leaves(function: Callable[[Tensor], Tensor], tree: Tree) -> Tree:
    """Returns a tree of the same form with a function's result in the place of each tensor."""
    match tree:
        case Tensor():
            return function(tree)
        case None:
            return None
        case dict():
            return {name: map_leaves(function, part) for name, part in tree.items()}
        case tuple() if type(tree) is not tuple:  # a NamedTuple
            return type(tree)(*(map_leaves(function, part) for part in tree))
    return type(tree)(map_leaves(function, part) for part in tree)


def leaves(tree: Tree) -> list[Tensor]:
    """Returns the tensors of a tree, in order."""
    found: list[Tensor] = []

    def add(tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    map_leaves(add, tree)
    return found


@final
class Batch(NamedTuple):
    """One batch of sequences, batch first.

    Args:
        inputs: Tokens (B, T), features (B, T, F) or a grid (B, C, ...).
        targets: Classes (B, T) or (B,), ``IGNORED`` for padding; values or keys (B, T, N) or
            (B, N), NaN for padding; a trainer's own targets: a tree of tensors whose first axis is
            B. None for prediction.
        lengths: The number of valid steps of each row, (B,), at least 1; None if every row is
            whole.
        carry: Whether each row continues the same row of the previous batch.
        context: Further inputs by name, as the signature's ``context`` says; the first axis of each
            is B. None if there are none.
        unknown_bytes: For targets of text, shaped as they are: the UTF-8 bytes of each one that
            stands for an unknown word, 0 elsewhere. None if no target does.
        resets: Whether the state starts anew before a step, (B, T), bool, as at the beginning of a
            document or of an episode: what comes before such a step then has no effect on what
            comes after it. None if it never does. In a first step it drops the state that the
            model gets.
        context_lengths: The number of valid steps of each row, (B,), at least 1, of further inputs
            that are padded at the end, by name. None if every row of them is whole.
    """

    inputs: Tensor
    targets: Tree = None
    lengths: Tensor | None = None
    carry: bool = False
    context: dict[str, Tensor] | None = None
    unknown_bytes: Tensor | None = None
    resets: Tensor | None = None
    context_lengths: dict[str, Tensor] | None = None

    @property
    def tensors(self) -> dict[str, Tree]:
        """All fields but ``carry``, by name."""
        return {name: part for name, part in self._asdict().items() if name != "carry"}

    def map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        """Returns the batch with a function's result in the place of each of its tensors."""
        # None at once: every step does this, and most parts are None
        return Batch._make(
            part if part is None or part is self.carry else map_leaves(function, part)
            for part in self
        )

    def to(self, device: str) -> Batch:
        """Returns the batch on another device."""
        return self.map(lambda tensor: tensor.to(device))

    def rows(self, first: int, end: int) -> Batch:
        """Returns the rows from ``first`` up to, but without, ``end``."""
        return self.map(lambda tensor: tensor[first:end])


@final
class Output(NamedTuple):
    """The output of a model.

    Args:
        logits: (B, T, W) per step or (B, W) per sequence, where W is the width of the signature's
            outputs; not always contiguous.
        state: The state after the last step, or None for a model without state. A model that
            carries no state may return one, for ``zoo inspect`` to show.
    """

    logits: Tensor
    state: State | None
