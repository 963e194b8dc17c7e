"""The state of a recurrence: one named tuple for each layer and direction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.errors import MisfitError


@final
class HiddenState(NamedTuple):
    """The state of an RNN or a GRU.

    Args:
        hidden: (B, H).
    """

    hidden: Tensor


@final
class LstmState(NamedTuple):
    """The state of an LSTM.

    Args:
        hidden: (B, H), or (B, P) of a cell that projects its output.
        cell: (B, H).
    """

    hidden: Tensor
    cell: Tensor


LayerState: TypeAlias = NamedTuple
State: TypeAlias = tuple[LayerState, ...]
"""One state per layer and direction, at ``layer * directions + direction``."""


def detach(state: State | None) -> State | None:
    """The same state, cut from the graph that made it, so that gradients stop here."""
    if state is None:
        return None
    return tuple(rebuild(each, (tensor.detach() for tensor in each)) for each in state)


def rebuild(like: LayerState, tensors: Iterable[Tensor]) -> LayerState:
    """A state of the same type with other tensors."""
    return type(like)._make(tensors)


def check_lengths(rows: int, steps: int, lengths: Tensor) -> None:
    """Says so if lengths are not those of so many rows of so many steps.

    Raises:
        MisfitError: There are more or fewer, or one is no whole number from 1 to T.
    """
    if lengths.shape != (rows,):
        raise MisfitError(f"lengths are {tuple(lengths.shape)}, expected ({rows},)")
    if lengths.dtype not in (torch.int64, torch.int32):
        raise MisfitError(f"lengths are {lengths.dtype}, expected torch.int64")
    if not rows:
        return
    shortest, longest = (int(each) for each in lengths.aminmax())
    if not 1 <= shortest <= longest <= steps:
        raise MisfitError(f"lengths are {shortest} to {longest}, expected 1 to {steps}")


def check_state(rows: int, state: State | None, like: State) -> None:
    """Says so if a recurrence over so many rows cannot start from a state.

    Kernels take its shape on trust, and some are written in languages that do not look.

    Args:
        rows: B.
        state: Where it is to start.
        like: One of the same parts and widths, of any number of rows.

    Raises:
        MisfitError: The state is that of other rows, or of another layer.
    """
    if state is None:
        return
    given = {name: tuple(each.shape) for name, each in state_tensors(state).items()}
    expected = {n: (rows, *each.shape[1:]) for n, each in state_tensors(like).items()}
    for name in expected | given:
        here, due = given.get(name, "missing"), expected.get(name, "none")
        if here != due:
            raise MisfitError(f"the state's {name} is {here}, expected {due}")


def state_tensors(state: State) -> dict[str, Tensor]:
    """The state's tensors by name, such as ``0.hidden``."""
    return {
        f"{index}.{name}": tensor
        for index, each in enumerate(state)
        for name, tensor in zip(each._fields, each, strict=True)
    }


def restore_state(like: State, tensors: dict[str, Tensor]) -> State:
    """The state that ``state_tensors`` took apart.

    Args:
        like: A state of the same types, such as a model's initial one.
        tensors: By name.
    """
    return tuple(
        rebuild(each, (tensors[f"{index}.{name}"] for name in each._fields))
        for index, each in enumerate(like)
    )
